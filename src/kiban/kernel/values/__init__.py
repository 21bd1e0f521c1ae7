"""Field types (項目の型): one codec for each, which reads, stores, shows and describes its values.

`docs/values.md` fixes the JSON form of each type and what may be typed for it.
"""

from kiban.kernel.values.base import MARKS, Codec, ReadContext, Reading, RowsReading, Style
from kiban.kernel.values.registry import CODECS, codec

__all__ = ["CODECS", "MARKS", "Codec", "ReadContext", "Reading", "RowsReading", "Style", "codec"]
