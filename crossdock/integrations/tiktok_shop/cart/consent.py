"""The sign-in of a seller on a page of TikTok Shop."""

from crossdock.integrations.tiktok_shop.tokens import authorize_url, code_token

__all__ = ["authorize_url", "code_token"]
