#!/bin/sh
# Set up the virtual environment: `setup.sh` for running, `setup.sh dev` for developing.
# Every failure says what to do.
set -eu

extra=${1:-}
needed_kb=3000000
[ "$extra" = dev ] && needed_kb=800000

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

# The right Python: the one asked for, or python3 where that is 3.11 or newer.
fits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
}
if [ ! -x "$VENV/bin/python" ]; then
    if fits "$PYTHON"; then :; elif fits python3; then PYTHON=python3; else
        fail "需要 Python 3.11（没有找到，或版本不对）。请安装后再试，或指定：make run PYTHON=/路径/python3.11"
    fi
    free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
    [ "$free_kb" -ge "$needed_kb" ] ||
        fail "磁盘空间不够：这里只剩 $((free_kb / 1024)) MB，安装约需 $((needed_kb / 1024)) MB。请清理后再试。"
    echo "建立虚拟环境 $VENV（$("$PYTHON" --version)）"
    "$PYTHON" -m venv "$VENV" ||
        fail "建不了虚拟环境。Debian/Ubuntu 请先安装：apt install python3.11-venv；并检查这里的写权限。"
fi

# PyTorch first, so that nothing later draws the CUDA build: its own CPU wheels where they can be
# reached, the package index otherwise.
if ! "$VENV/bin/python" -c 'import torch' 2>/dev/null; then
    version=$(sed -n 's/^torch==//p' constraints.txt)
    cpu=
    if [ -n "$TORCH_INDEX" ] && "$VENV/bin/python" - "$TORCH_INDEX" <<'PY'; then
import sys, urllib.request
try:
    urllib.request.urlopen(sys.argv[1] + "/torch/", timeout=5).close()
except Exception:
    sys.exit(1)
PY
        cpu="--extra-index-url $TORCH_INDEX"
        # A local version outranks the plain one: +cpu wins over the CUDA build of the same number.
    fi
    echo "安装 PyTorch $version（CPU 版约 200 MB 下载）"
    # shellcheck disable=SC2086
    "$VENV/bin/pip" install --quiet --disable-pip-version-check $cpu "torch==$version" ||
        fail "装不上 PyTorch。请检查网络或软件源（pip config list）；内网可用 make run TORCH_INDEX= 只走软件源。"
fi

echo "安装依赖（第一次约需一两分钟）"
"$VENV/bin/pip" install --quiet --disable-pip-version-check -c constraints.txt -e ".${extra:+[$extra]}" ||
    fail "依赖没有装全。请检查网络、磁盘空间和软件源（pip config list），再运行同一条命令，会接着装。"
