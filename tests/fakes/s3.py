"""An S3 server with a bucket."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

KEYS: dict[str, Any] = {
    "files_region": "us-east-1",
    "files_access_key": "an-id",
    "files_secret_key": "a-secret",
}


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server with a bucket "invoices"."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="an-id",
        aws_secret_access_key="a-secret",
    )  # fmt: skip
    client.create_bucket(Bucket="invoices")
    yield url
    server.stop()
