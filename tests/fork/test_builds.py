"""Every way to build and install gives the same complete package, or one line that says why not."""

import shutil
import tarfile
import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.fork.projects import RELEASE, VERSION, build, hashes, installed, package_folder, run, succeed, write_files


KINDS = ["wheel", "editable", "sdist"]


@pytest.fixture(scope="session")
def wheel(builder: Path, sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    copy = shutil.copytree(sources, folder / "project")
    done = build(builder, Path(copy), "wheel", folder / "dist")
    assert done.returncode == 0, done.stdout
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(scope="session")
def sdist(builder: Path, sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    copy = Path(shutil.copytree(sources, folder / "project"))
    # From a tree as a developer has it, with upstream's files in src/.
    assert build(builder, copy, "editable", folder / "editable").returncode == 0
    done = build(builder, copy, "sdist", folder / "dist")
    assert done.returncode == 0, done.stdout
    return next((folder / "dist").glob("*.tar.gz"))


def test_an_installed_wheel_has_upstreams_files_patched_and_ours_and_no_other(wheel, builder, expected, tmp_path):
    python = installed(builder, tmp_path / "fresh", wheel)

    assert hashes(package_folder(python)) == expected


def test_a_wheel_is_the_same_every_time_and_whatever_else_is_in_src(wheel, builder, checkout, tmp_path):
    assert build(builder, checkout, "editable", tmp_path / "editable").returncode == 0
    (checkout / "src" / "smolagents" / "scratch.py").write_text("")  # not ours by .gitignore

    assert build(builder, checkout, "wheel", tmp_path / "again").returncode == 0

    assert (tmp_path / "again" / wheel.name).read_bytes() == wheel.read_bytes()


def test_an_editable_install_imports_from_src_where_all_files_are(builder, checkout, expected, tmp_path):
    assert build(builder, checkout, "editable", tmp_path / "dist").returncode == 0
    python = installed(builder, tmp_path / "fresh", *(tmp_path / "dist").glob("*.whl"))

    assert package_folder(python) == checkout / "src" / "smolagents"
    assert hashes(checkout / "src" / "smolagents") == expected
    assert succeed(python, "-c", "import importlib.metadata as m; print(m.version('smolagents'))").strip() == VERSION


def test_a_wheel_build_leaves_the_tree_as_it_was(builder, checkout, tmp_path):
    before = hashes(checkout)

    assert build(builder, checkout, "wheel", tmp_path / "dist").returncode == 0

    assert hashes(checkout) == before


def test_an_sdist_holds_only_what_we_wrote(sdist, sources):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    ours = {f"{folder}/{name}" for folder in ("fork", "patches", "src") for name in hashes(sources / folder)}
    single = {name for name in ("LICENSE", "NOTICE", "README.md") if (sources / name).exists()}
    assert names == ours | single | {"pyproject.toml", ".gitignore", "PKG-INFO"}


@pytest.mark.isolated
def test_pip_builds_the_package_from_an_sdist(sdist, wheel, builder, tmp_path):
    succeed(builder, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, sdist)

    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


@pytest.mark.isolated
@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_uv_installs_the_package_from_a_checkout(builder, checkout, expected, tmp_path):
    succeed("uv", "venv", "--quiet", "--python", builder, tmp_path / "fresh")
    python = tmp_path / "fresh" / "bin" / "python"
    succeed("uv", "pip", "install", "--quiet", "--no-deps", "--python", python, checkout)

    assert hashes(package_folder(python)) == expected


def test_metadata_is_upstreams_except_for_the_version_the_licence_and_our_extras(wheel, site_packages):
    ours, upstreams = distribution_in(wheel), distribution_in(site_packages)

    assert ours.version == VERSION
    for field in ("Name", "Summary", "Author-email", "Requires-Python", "Description-Content-Type", "Description"):
        assert ours.metadata[field] == upstreams.metadata[field]
    # A field that a later release adds has to be taken over too.
    taken_over = {key.lower() for key in upstreams.metadata.keys()} - {"dynamic"}
    assert {key.lower() for key in ours.metadata.keys()} == taken_over | {"license-expression"}
    assert extras(ours) - extras(upstreams) == {"policy", "policy-redis"} and extras(upstreams) <= extras(ours)
    for extra in {"", *extras(upstreams)}:
        assert needed(ours, extra) == needed(upstreams, extra)
    points = {(point.group, point.name, point.value) for point in upstreams.entry_points}
    assert points <= {(point.group, point.name, point.value) for point in ours.entry_points}


def test_a_wheel_brings_the_command_for_policies_and_policies_to_begin_with(wheel, sources):
    scripts = {point.name: point.value for point in distribution_in(wheel).entry_points}
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert scripts["smolagents-policy"] == "smolagents.policy_command:main"
    starters = sources / "src" / "smolagents" / "policy" / "starters"
    shipped = {f"smolagents/policy/starters/{file.name}" for file in starters.glob("*.yaml")}
    assert shipped and shipped <= names


def test_the_licence_is_upstreams_and_in_the_package(wheel, site_packages):
    ours, upstreams = distribution_in(wheel), distribution_in(site_packages)

    assert "LICENSE" in ours.metadata.get_all("License-File")
    assert ours.read_text("licenses/LICENSE") == upstreams.read_text("licenses/LICENSE")


@pytest.mark.parametrize("kind", KINDS)
def test_another_release_is_refused(kind, builder, site_packages, checkout, tmp_path):
    other = copy_of_release(site_packages, tmp_path)
    rename_release(other, "1.25.0")

    done = build(builder, checkout, kind, tmp_path / "dist", PYTHONPATH=str(other))

    assert_refused(done, "smolagents 1.25.0 is installed where the fork is built; that is not the pinned release")


@pytest.mark.parametrize("kind", KINDS)
def test_a_release_with_a_changed_file_is_refused(kind, builder, site_packages, checkout, tmp_path):
    other = copy_of_release(site_packages, tmp_path)
    with open(other / "smolagents" / "tools.py", "a") as file:
        file.write("# changed\n")

    done = build(builder, checkout, kind, tmp_path / "dist", PYTHONPATH=str(other))

    assert_refused(done, f"smolagents/tools.py is not as smolagents {RELEASE} was released")


def test_a_release_with_a_missing_file_is_refused(builder, site_packages, checkout, tmp_path):
    other = copy_of_release(site_packages, tmp_path)
    (other / "smolagents" / "prompts" / "code_agent.yaml").unlink()

    done = build(builder, checkout, "wheel", tmp_path / "dist", PYTHONPATH=str(other))

    assert_refused(done, f"smolagents/prompts/code_agent.yaml of smolagents {RELEASE} is missing")


def test_a_repackaged_release_with_its_own_hashes_is_refused(builder, site_packages, checkout, tmp_path):
    other = copy_of_release(site_packages, tmp_path)
    record = other / f"smolagents-{RELEASE}.dist-info" / "RECORD"
    lines = record.read_text().splitlines()
    record.write_text("\n".join(line for line in lines if not line.startswith("smolagents/tmp.py,")) + "\n")

    done = build(builder, checkout, "wheel", tmp_path / "dist", PYTHONPATH=str(other))

    assert_refused(done, "release-sha256 in pyproject.toml is")


def test_pip_says_in_one_line_that_it_found_the_fork_instead_of_the_release(wheel, builder, checkout, tmp_path):
    patched = tmp_path / "patched"
    succeed(builder, "-m", "pip", "install", "--quiet", "--no-deps", "--target", patched, wheel)

    pip = [builder, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", tmp_path / "dist"]
    done = run(*pip, checkout, PYTHONPATH=str(patched))

    assert_refused(done, f"smolagents {VERSION} is installed where the fork is built; that is this fork, already")


@pytest.mark.parametrize("kind", KINDS)
def test_a_patch_that_does_not_apply_stops_the_build_and_leaves_the_tree_as_it_was(kind, builder, checkout, tmp_path):
    assert build(builder, checkout, "editable", tmp_path / "before").returncode == 0
    diff = patch_of("tools.py", b"@@ -1,1 +1,1 @@\n-not the first line\n+anything\n")
    # One that applies, before one that does not: neither may take effect.
    write_files(checkout / "patches", {"9998-good.patch": patch_of("tmp.py", b"@@ -0,0 +1,1 @@\n+# added\n")})
    write_files(checkout / "patches", {"9999-bad.patch": diff})
    before = hashes(checkout)

    done = build(builder, checkout, kind, tmp_path / "dist")

    assert_refused(done, "patches/9999-bad.patch does not apply: src/smolagents/tools.py, line 1")
    assert hashes(checkout) == before
    assert not list((tmp_path / "dist").iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_that_is_not_in_patches_stops_the_build_and_stays(kind, builder, checkout, tmp_path):
    assert build(builder, checkout, "editable", tmp_path / "before").returncode == 0
    edited = checkout / "src" / "smolagents" / "tools.py"
    edited.write_text("# mine\n" + edited.read_text())
    before = hashes(checkout)

    done = build(builder, checkout, kind, tmp_path / "dist")

    assert_refused(done, "edits that patches/ do not have, in src/smolagents/tools.py: `make refresh-patches`")
    assert hashes(checkout) == before


def test_an_edit_is_protected_in_a_tree_that_no_build_has_written(builder, checkout, tmp_path):
    write_files(checkout / "src" / "smolagents", {"tools.py": b"# mine\n"})

    done = build(builder, checkout, "editable", tmp_path / "dist")

    assert_refused(done, "src/smolagents/tools.py")
    assert (checkout / "src" / "smolagents" / "tools.py").read_bytes() == b"# mine\n"


def test_deleting_an_edited_file_drops_the_edit(builder, checkout, expected, tmp_path):
    assert build(builder, checkout, "editable", tmp_path / "dist").returncode == 0
    (checkout / "src" / "smolagents" / "tools.py").write_text("# mine\n")
    (checkout / "src" / "smolagents" / "tools.py").unlink()

    assert build(builder, checkout, "editable", tmp_path / "dist").returncode == 0

    assert hashes(checkout / "src" / "smolagents") == expected


def test_after_patches_changed_the_build_replaces_what_an_earlier_build_wrote(builder, checkout, expected, tmp_path):
    more = checkout / "patches" / "9999-more.patch"
    write_files(checkout / "patches", {more.name: patch_of("tmp.py", b"@@ -0,0 +1,1 @@\n+# added\n")})
    assert build(builder, checkout, "editable", tmp_path / "dist").returncode == 0
    assert (checkout / "src" / "smolagents" / "tmp.py").read_text().startswith("# added\n")
    more.unlink()

    assert build(builder, checkout, "editable", tmp_path / "dist").returncode == 0

    assert hashes(checkout / "src" / "smolagents") == expected


def test_a_file_of_ours_with_the_name_of_one_of_upstreams_is_refused(builder, checkout, tmp_path):
    write_files(checkout / "src" / "smolagents", {"tools.py": b""})
    with open(checkout / ".gitignore", "a") as file:
        file.write("!/src/smolagents/tools.py\n")

    done = build(builder, checkout, "wheel", tmp_path / "dist")

    assert_refused(done, "src/smolagents/tools.py is ours, and the upstream release has a file of this name")


def assert_refused(done, reason: str) -> None:
    assert done.returncode != 0
    said = [line for line in done.stdout.splitlines() if "smolagents with hooks cannot be built: " in line]
    assert len(said) == 1 and reason in said[0], done.stdout
    assert "Traceback" not in done.stdout


def patch_of(name: str, hunks: bytes) -> bytes:
    path = f"src/smolagents/{name}".encode()
    return b"Subject: test\n\ndiff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n" % (path, path, path, path) + hunks


def copy_of_release(site_packages: Path, tmp_path: Path) -> Path:
    for name in ("smolagents", f"smolagents-{RELEASE}.dist-info"):
        shutil.copytree(site_packages / name, tmp_path / "other" / name)
    return tmp_path / "other"


def rename_release(folder: Path, version: str) -> None:
    info = (folder / f"smolagents-{RELEASE}.dist-info").rename(folder / f"smolagents-{version}.dist-info")
    metadata = (info / "METADATA").read_text()
    (info / "METADATA").write_text(metadata.replace(f"\nVersion: {RELEASE}\n", f"\nVersion: {version}\n"))


def distribution_in(path: Path) -> Distribution:
    return next(iter(distributions(name="smolagents", path=[str(path)])))


def extras(distribution: Distribution) -> set[str]:
    return set(distribution.metadata.get_all("Provides-Extra"))


def needed(distribution: Distribution, extra: str) -> set[str]:
    """What an extra needs on this machine, extras of smolagents itself resolved."""
    found = set()
    for requirement in map(Requirement, distribution.requires):
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if requirement.name == "smolagents":
            found.update(*(needed(distribution, inner) for inner in requirement.extras))
        else:
            requirement.marker = None
            found.add(str(requirement).lower())
    return found
