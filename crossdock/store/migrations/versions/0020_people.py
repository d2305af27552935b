"""People: users, memberships, sessions, invitations, single sign-on; and an audit log that only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
TEXT = sa.String().with_variant(sa.String(collation="C"), "postgresql")

REFUSAL = "the audit log is only added to"


def upgrade() -> None:
    op.add_column(
        "organizations",
        sa.Column("wants_second_factor", sa.Boolean(), nullable=False, server_default=sa.text("false")),
    )
    op.add_column("api_keys", sa.Column("expires_ms", NUMBER))
    op.add_column("api_keys", sa.Column("last_used_ms", NUMBER))
    op.add_column("api_keys", sa.Column("connection_uids", TEXT, nullable=False, server_default=""))
    _add_users()
    _add_sign_in()
    _add_sign_on()
    if op.get_bind().dialect.name == "postgresql":
        _guard_on_postgresql()
    else:
        _guard_on_sqlite()


def _guard_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION audit_log_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM audit_prunings WHERE OLD.at_ms < before_ms) THEN "
        f"RETURN OLD; END IF; RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_grows BEFORE UPDATE OR DELETE ON audit_log "
        "FOR EACH ROW EXECUTE FUNCTION audit_log_guard()"
    )
    op.execute(
        "CREATE TRIGGER audit_log_stays BEFORE TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_guard()"
    )


def _guard_on_sqlite() -> None:
    op.execute(
        "CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )
    op.execute(
        "CREATE TRIGGER audit_log_grows BEFORE DELETE ON audit_log "
        "WHEN NOT EXISTS (SELECT 1 FROM audit_prunings WHERE OLD.at_ms < before_ms) "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    )


def _add_users() -> None:
    op.create_table(
        "audit_prunings",
        sa.Column("before_ms", NUMBER, primary_key=True, autoincrement=False),
    )
    op.create_table(
        "users",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("email_key", TEXT, nullable=False, unique=True),
        sa.Column("name", TEXT, nullable=False, server_default=""),
        sa.Column("password_hash", TEXT),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("disabled_ms", NUMBER),
        sa.Column("last_sign_in_ms", NUMBER),
        sa.Column("totp_secret", sa.LargeBinary()),
        sa.Column("totp_confirmed_ms", NUMBER),
        sa.Column("totp_step", NUMBER, nullable=False, server_default="0"),
    )
    op.create_table(
        "memberships",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("user_id", TEXT, primary_key=True),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("by_sign_on", sa.Boolean(), nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_memberships_user", "memberships", ["user_id"])


def _add_sign_in() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("organization_id", TEXT),
        sa.Column("method", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("tries", NUMBER, nullable=False, server_default="0"),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("agent", TEXT, nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("used_ms", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"])
    op.create_index("ix_user_sessions_expires_ms", "user_sessions", ["expires_ms"])
    op.create_table(
        "recovery_codes",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("used_ms", NUMBER),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    op.create_table(
        "invitations",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("email", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("invited_by", TEXT, nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
        sa.Column("accepted_ms", NUMBER),
        sa.Column("revoked_ms", NUMBER),
    )
    op.create_index("ix_invitations_organization", "invitations", ["organization_id", "id"])
    op.create_table(
        "sign_in_links",
        sa.Column("id", TEXT, primary_key=True),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("created_ms", NUMBER, nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
        sa.Column("used_ms", NUMBER),
    )
    op.create_index("ix_sign_in_links_user_id", "sign_in_links", ["user_id"])
    op.create_index("ix_sign_in_links_expires_ms", "sign_in_links", ["expires_ms"])
    op.create_table(
        "sign_in_failures",
        sa.Column("subject", sa.LargeBinary(), primary_key=True),
        sa.Column("failures", NUMBER, nullable=False),
        sa.Column("last_ms", NUMBER, nullable=False),
        sa.Column("next_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_sign_in_failures_last_ms", "sign_in_failures", ["last_ms"])


def _add_sign_on() -> None:
    op.create_table(
        "sign_on_settings",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("issuer", TEXT, nullable=False),
        sa.Column("client_id", TEXT, nullable=False),
        sa.Column("client_secret", sa.LargeBinary()),
        sa.Column("domains", TEXT, nullable=False),
        sa.Column("default_role", TEXT, nullable=False),
        sa.Column("adds_members", sa.Boolean(), nullable=False),
        sa.Column("is_enforced", sa.Boolean(), nullable=False),
        sa.Column("break_glass_user_id", TEXT),
        sa.Column("changed_ms", NUMBER, nullable=False),
    )
    op.create_table(
        "sign_on_flows",
        sa.Column("digest", sa.LargeBinary(), primary_key=True),
        sa.Column("organization_id", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_sign_on_flows_expires_ms", "sign_on_flows", ["expires_ms"])
    op.create_table(
        "sign_on_identities",
        sa.Column("organization_id", TEXT, primary_key=True),
        sa.Column("issuer", TEXT, primary_key=True),
        sa.Column("subject", TEXT, primary_key=True),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("created_ms", NUMBER, nullable=False),
    )
    op.create_index("ix_sign_on_identities_user_id", "sign_on_identities", ["user_id"])
