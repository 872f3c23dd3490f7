import pytest

from .trails import SECRET


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("SMOLAGENTS_AUDIT_KEY", SECRET)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit.jsonl"
