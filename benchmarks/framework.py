"""Copies an episode chunk by chunk through an ORM's objects, as a background job of an application framework does.

Usage: python -m benchmarks.framework DSN KEY. Prints what clients.py prints. SQLAlchemy as it comes: objects are read
a page at a time, new ones are built of them and added, and each page is a transaction, after which it is let go.
"""

import sys
from typing import Any

import psycopg
from sqlalchemy import ForeignKey, Select, create_engine, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from benchmarks.clients import LEVELS, measure_client


class Base(DeclarativeBase):
    """What the tables have in common."""


class Content:
    """The columns that every table has."""

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    position: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    orig_id: Mapped[int | None]


class Episode(Content, Base):
    """An episode."""

    __tablename__ = "episodes"


class Part(Content, Base):
    """A part of an episode."""

    __tablename__ = "parts"
    episode_id: Mapped[int] = mapped_column(ForeignKey("episodes.id"))


class Item(Content, Base):
    """An item of a part."""

    __tablename__ = "items"
    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id"))


class Block(Content, Base):
    """A block of an item."""

    __tablename__ = "blocks"
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))


Model = type[Part] | type[Item] | type[Block]
MODELS: tuple[Model, ...] = (Part, Item, Block)


def level_query(level: int, key: int) -> Select[Any]:
    """Return the query for the objects of a level of an episode, in the order of their ids."""
    query = select(MODELS[level])
    for above in range(level - 1, -1, -1):
        query = query.join(MODELS[above])
    return query.where(Part.episode_id == key).order_by(MODELS[level].id)


def copied(row: Content, **parent: int) -> dict[str, Any]:
    """Return the columns of a row's copy; parent: the column that names it, if any."""
    return {"title": row.title, "position": row.position, "content": row.content, "orig_id": row.id, **parent}


def copy_page(session: Session, model: Model, page: list[Any], above: dict[int, int], column: str) -> dict[int, int]:
    """Copy the objects of a page, in a transaction; returns the new ids by the old ones."""
    copies = [model(**copied(row, **{column: above[getattr(row, column)]})) for row in page]
    session.add_all(copies)
    session.flush()
    ids = {row.id: copy.id for row, copy in zip(page, copies, strict=True)}
    session.commit()
    session.expunge_all()
    return ids


def copy_by_objects(connection: psycopg.Connection, key: int) -> None:
    """Go through each level a page at a time, and keep the new ids."""
    connection.autocommit = False
    with Session(create_engine("postgresql+psycopg://", creator=lambda: connection)) as session:
        episode = session.get_one(Episode, key)
        new = Episode(**copied(episode))
        session.add(new)
        session.commit()
        copies = {key: new.id}
        for level, (_, column, size) in enumerate(LEVELS):
            above, copies = copies, {}
            offset = 0
            while page := list(session.scalars(level_query(level, key).limit(size).offset(offset))):
                copies |= copy_page(session, MODELS[level], page, above, column)
                offset += size


if __name__ == "__main__":
    measure_client(copy_by_objects, *sys.argv[1:])
