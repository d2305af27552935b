"""The same two lists as a textbook would write them: FastAPI, a pydantic response model, SQLAlchemy's ORM.

python -m bench.textbook_app PORT FILE: over the rows of a SQLite file that Crossdock filled. It is spared
what a textbook would also do: the nested parts lie in one JSON column, not in seven more tables.
"""

import hashlib
import sys
from collections.abc import AsyncIterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from pydantic import BaseModel, create_model
from sqlalchemy import JSON, Integer, LargeBinary, String, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from crossdock.resources.wms.orders import Order


class Base(DeclarativeBase):
    pass


class KeyRow(Base):
    __tablename__ = "api_keys"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    organization_id: Mapped[str]
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class ConnectionRow(Base):
    __tablename__ = "connections"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    organization_id: Mapped[str]
    token_digest: Mapped[bytes] = mapped_column(LargeBinary)


class OrderRow(Base):
    __tablename__ = "wms_orders"
    connection_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(String, primary_key=True)
    document: Mapped[Any] = mapped_column(JSON)


def model(struct: type[msgspec.Struct]) -> type[BaseModel]:
    """The pydantic model with the fields of one of our structs."""
    members: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        optional = field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT
        members[field.name] = (_type(field.type), None if optional else ...)
    if struct is Order:
        members |= {"trackstar_created_date": (str, ...), "trackstar_updated_date": (str, ...)}
    class_type: type[BaseModel] = create_model(struct.__name__, **members)
    return class_type


def _type(hint: Any) -> Any:
    """A field's type in pydantic's words. Money is a float, as in most such apps."""
    origin = get_origin(hint)
    if origin is Annotated:
        inner = get_args(hint)[0]
        return str if inner is str else _type(inner)
    if origin in (Union, UnionType):
        return Union[tuple(_type(argument) for argument in get_args(hint))]  # noqa: UP007 - built at run time
    if origin is list:
        return list[_type(get_args(hint)[0])]  # type: ignore[misc]
    if origin in (Literal, dict):
        return hint
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return model(hint)
    named = getattr(hint, "__name__", "")
    return {"Decimal": float, "UnsetType": None}.get(named, hint)


OrderModel = model(Order)


class OrderPage(BaseModel):
    data: list[OrderModel]  # type: ignore[valid-type]
    next_token: str | None
    total_count: int


def app(file: str) -> FastAPI:
    fast_api = FastAPI()
    sessions = async_sessionmaker(create_async_engine(f"sqlite+aiosqlite:///{file}"))

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as current_sessions:
            yield current_sessions

    async def signed_in(
        opened: Annotated[AsyncSession, Depends(session)],
        x_trackstar_api_key: Annotated[str, Header()],
        x_trackstar_access_token: Annotated[str, Header()],
    ) -> ConnectionRow:
        key, token = (
            hashlib.sha256(text.encode()).digest() for text in (x_trackstar_api_key, x_trackstar_access_token)
        )
        connection = await opened.scalar(
            select(ConnectionRow)
            .join(KeyRow, KeyRow.organization_id == ConnectionRow.organization_id)
            .where(KeyRow.digest == key, ConnectionRow.token_digest == token)
        )
        if connection is None:
            raise HTTPException(401)
        return connection

    @fast_api.get("/wms/orders", response_model=OrderPage)
    async def orders(
        opened: Annotated[AsyncSession, Depends(session)],
        connection: Annotated[ConnectionRow, Depends(signed_in)],
        limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
        page_token: str | None = None,
    ) -> dict[str, Any]:
        where = select(OrderRow).where(OrderRow.connection_id == connection.id)
        if page_token is not None:
            where = where.where(OrderRow.id > page_token)
        orders = (await opened.scalars(where.order_by(OrderRow.id).limit(limit + 1))).all()
        page = orders[:limit]
        return {
            "data": [order.document for order in page],
            "next_token": page[-1].id if len(orders) > limit else None,
            "total_count": len(page),
        }

    return fast_api


def main() -> None:
    port, file = sys.argv[1:]
    uvicorn.run(app(file), host="127.0.0.1", port=int(port), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
