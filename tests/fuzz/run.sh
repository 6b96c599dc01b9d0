#!/usr/bin/env bash
# Fuzzes every target and writes a table of what came of it: run.sh [SECONDS a target [TARGETS at a time]]
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
jobs=${2:-2}
targets=(amf0 amf3 capture datagrams filter ftl http link media outputs reassembly rtmp tls)
binaries=target/x86_64-unknown-linux-gnu/release

length() {
    case $1 in
        filter) echo 200 ;;
        reassembly) echo 1024 ;;
        *) echo 4096 ;;
    esac
}

fuzz() {
    local target=$1 dictionary=()
    [ -f "dictionaries/$target" ] && dictionary=("-dict=dictionaries/$target")
    mkdir -p "work/$target"
    # What is new goes there, beside the committed corpus.
    tar -xzf "corpus/$target.tar.gz" -C "work/$target"
    nice -n 19 "$binaries/$target" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -max_len="$(length "$target")" \
        -print_final_stats=1 -artifact_prefix="artifacts/$target-" "${dictionary[@]}" \
        "work/$target" >"work/$target.log" 2>&1 || true
}

cargo +nightly fuzz build --fuzz-dir . --sanitizer none --no-trace-compares >&2
rm -rf work
mkdir -p work artifacts
before=$(find artifacts -type f | sort)
running=0
for target in "${targets[@]}"; do
    if [ "$running" -ge "$jobs" ]; then
        wait -n
        running=$((running - 1))
    fi
    fuzz "$target" &
    running=$((running + 1))
done
wait

echo "| target | executions | seconds | a second | edges | corpus | crashes |"
echo "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
for target in "${targets[@]}"; do
    log=work/$target.log
    stat() { sed -n "s/^stat::$1: *//p" "$log" | tail -n 1; }
    executions=$(stat number_of_executed_units)
    # What is written when it ends in time.
    took=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$log" | tail -n 1)
    edges=$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    inputs=$(sed -n 's/.* corp: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
    crashes=$(comm -13 <(echo "$before") <(find artifacts -type f | sort) | grep -c "^artifacts/$target-" || true)
    echo "| $target | ${executions:-?} | ${took:-stopped} | $(stat average_exec_per_sec) | ${edges:-?} | ${inputs:-?} | $crashes |"
done
