"""Ledgers that come in as workbooks (取込み): read safely, tried out, then each row an act."""
