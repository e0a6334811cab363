#!/bin/sh
# Makes a release of the version that pyproject.toml names: the wheel, a copy of the lock file and their hashes, in
# build/release-VERSION. The tree is clean, the change log names the version, and the wheel installs and answers outside.
#
#     scripts/release.sh [--tag]      --tag puts the tag vVERSION on the commit; nothing is pushed
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
out=build/release-$version
[ -z "$(git status --porcelain)" ] || { echo "release: commit first; the tree has changes" >&2; exit 1; }
grep -q "^## $version" CHANGELOG.md || { echo "release: CHANGELOG.md has no heading ## $version" >&2; exit 1; }
rm -rf "$out" build/lib build/bdist.*
mkdir -p "$out"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$out" .
cp requirements/image.lock "$out/boyd-$version.lock"
there=$(mktemp -d)
trap 'rm -rf "$there"' EXIT
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --target "$there" "$out"/boyd-*.whl
(cd "$there" && PYTHONPATH="$there" "$OLDPWD/$python" -c 'from agent.cli import main; main()' --version)
(cd "$out" && sha256sum boyd-* >SHA256SUMS)
if [ "${1:-}" = --tag ]; then git tag -a "v$version" -m "Boyd $version"; fi
echo "$out: $(ls "$out" | tr '\n' ' ')"
