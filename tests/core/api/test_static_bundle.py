"""The compressed static bundle and our own open files."""

import gzip
from pathlib import Path

import pytest

from tests.core.api.parts import Site


def test_a_script_of_the_bundle_is_sent_compressed_and_may_be_kept(site: Site, streamlit_folder: Path) -> None:
    path = max((streamlit_folder / "static" / "js").glob("*.js"), key=lambda file: file.stat().st_size)
    for _ in range(2):
        answer = site.ask("GET", f"/static/js/{path.name}", headers={"accept-encoding": "gzip, br"})
        assert answer.status == 200
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert gzip.decompress(answer.body) == path.read_bytes()
        assert len(answer.body) < path.stat().st_size / 2


def test_a_browser_without_gzip_gets_the_plain_file_from_streamlit(site: Site) -> None:
    answer = site.ask("GET", "/static/js/missing.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert len(site.seen) == 1


@pytest.mark.parametrize("name", ["pages.css", "icon.svg"])
def test_our_own_open_files_need_no_session(site: Site, name: str) -> None:
    assert site.ask("GET", f"/app-static/{name}").status == 200


@pytest.mark.parametrize("path", ["/app-static/", "/app-static/missing.css"])
def test_there_is_no_listing_and_nothing_else(site: Site, path: str) -> None:
    assert site.ask("GET", path).status == 404


@pytest.mark.parametrize("path", ["/app-static/../login.py", "/app-static/%2e%2e/gate.py", "/static/..%2findex.html"])
def test_a_way_out_of_the_open_folders_is_closed(site: Site, path: str) -> None:
    assert site.ask("GET", path, headers={"accept": "image/png"}).status == 401
