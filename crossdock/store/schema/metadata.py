"""The collection that all tables of the store are declared in, and the types of their columns."""

from sqlalchemy import BigInteger, Integer, LargeBinary, MetaData, String

metadata = MetaData()

Text = String().with_variant(String(collation="C"), "postgresql")
Number = BigInteger().with_variant(Integer, "sqlite")
Bytes = LargeBinary()
