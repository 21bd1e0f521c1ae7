"""kiban (基盤): the shared platform of ministries, prefectures and municipalities."""
