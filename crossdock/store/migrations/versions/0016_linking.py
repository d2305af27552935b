"""End users connect their systems: link tokens, auth codes, magic links, flows, branding, OAuth apps."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")
BYTES = sa.LargeBinary()


def upgrade() -> None:
    _tokens()
    _magic_links()
    _flows()
    _organizations()


def _tokens() -> None:
    op.create_table(
        "link_tokens",
        sa.Column("digest", BYTES, primary_key=True),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("connection_uid", TEXT),
        sa.Column("customer_id", TEXT),
        sa.Column("magic_link_id", TEXT),
        sa.Column("expires_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_link_tokens_expires", "link_tokens", ["expires_ms"])
    op.create_table(
        "auth_codes",
        sa.Column("digest", BYTES, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("connection_id", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
        sa.Column("is_used", sa.Boolean, nullable=False),
    )
    op.create_index("ix_auth_codes_expires", "auth_codes", ["expires_ms"])


def _magic_links() -> None:
    op.create_table(
        "magic_links",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("secret_digest", BYTES, nullable=False, unique=True),
        sa.Column("secret", BYTES, nullable=False),
        sa.Column("options", TEXT, nullable=False),
        sa.Column("customer_id", TEXT),
        sa.Column("connection_uid", TEXT),
        sa.Column("max_connections", NUMBER, nullable=False),
        sa.Column("connections", NUMBER, nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_magic_links_organization", "magic_links", ["organization_id", "created_ms"])
    op.create_index("ix_magic_links_expires", "magic_links", ["expires_ms"])


def _flows() -> None:
    op.create_table(
        "link_flows",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("connection_id", NUMBER),
        sa.Column("result", BYTES),
        sa.Column("error", TEXT),
        sa.Column("permissions", TEXT),
        sa.Column("attempt", TEXT, nullable=False),
        sa.Column("attempt_until_ms", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_link_flows_expires", "link_flows", ["expires_ms"])


def _organizations() -> None:
    op.create_table(
        "branding",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("name", TEXT),
        sa.Column("color", TEXT),
        sa.Column("terms_url", TEXT),
        sa.Column("privacy_url", TEXT),
        sa.Column("allowed_origins", TEXT, nullable=False),
        sa.Column("logo", BYTES),
        sa.Column("logo_type", TEXT),
        sa.Column("logo_name", TEXT, unique=True),
    )
    op.create_table(
        "oauth_apps",
        sa.Column("integration", TEXT, primary_key=True),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("client_secret", BYTES, nullable=False),
        sa.Column("updated_ms", NUMBER, nullable=False),
    )
