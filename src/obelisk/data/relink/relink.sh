#!/bin/sh
# Links the executable again, of what is in this folder: sh relink.sh [OUTPUT]
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
export PYTHONPATH="$folder/tools" PYTHONDONTWRITEBYTECODE=1
if ! "$python" -c 'import obelisk.cli, ziglang'; then
    echo "first: $python -m pip install -r '$folder/tools/requirements.txt'" >&2
    exit 1
fi
exec "$python" -X utf8 -m obelisk relink "$folder" ${1:+--output "$1"}
