#!/usr/bin/env bash
# Packs each target's corpus anew: seeds, what is committed and what was found, without what reaches nothing new.
set -euo pipefail
cd "$(dirname "$0")"
binaries=target/x86_64-unknown-linux-gnu/release
targets=("$@")
[ $# -gt 0 ] || targets=(amf0 amf3 capture datagrams filter ftl http link media outputs reassembly rtmp tls)

cargo +nightly fuzz build --fuzz-dir . --sanitizer none --no-trace-compares
[ -d work/seeds ] || cargo run --example seeds -- work/seeds
for target in "${targets[@]}"; do
    rm -rf "work/merged-$target" "work/old-$target"
    mkdir -p "work/merged-$target" "work/old-$target" "work/$target"
    [ ! -f "corpus/$target.tar.gz" ] || tar -xzf "corpus/$target.tar.gz" -C "work/old-$target"
    # Short inputs alone: all corpora together stay under 2 MB.
    "$binaries/$target" -merge=1 -max_len=1000 -timeout=20 "work/merged-$target" "work/old-$target" "work/$target" \
        "work/seeds/$target" 2>"work/merge-$target.log"
    tar -C "work/merged-$target" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar -c . |
        gzip -9n >"corpus/$target.tar.gz"
    echo "$target: $(find "work/merged-$target" -type f | wc -l) inputs, $(wc -c <"corpus/$target.tar.gz") bytes"
done
