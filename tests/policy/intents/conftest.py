import pytest


def pytest_collection_modifyitems(config, items):
    if "mutations" in (config.option.markexpr or ""):
        return
    for item in items:
        if item.get_closest_marker("mutations"):
            item.add_marker(pytest.mark.skip(reason="run with -m mutations"))
