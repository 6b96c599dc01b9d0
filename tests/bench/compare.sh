#!/usr/bin/env bash
# Times rtmp-inspect beside the programs that read the same capture, in one hyperfine run with a warm cache, and prints
# a Markdown table: time, speed, ratio to `capinfos -c` (which only walks the records) and peak memory.
#
#   tests/bench/compare.sh                    writes a 1 GB capture first, and deletes it at the end
#   tests/bench/compare.sh --gigabytes 0.2    another size
#   tests/bench/compare.sh CAPTURE            that capture
#
# RUNS=5 sets the number of runs (3); BINARY=path takes a program that is already built. It needs cargo, jq, hyperfine,
# GNU time, and from Wireshark and tcpflow: capinfos, tshark, tcpflow.
set -euo pipefail
export LC_ALL=C

gigabytes=1
capture=
while (($#)); do
    case $1 in
        --gigabytes) gigabytes=${2:?--gigabytes wants a number}; shift 2 ;;
        -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0"; exit ;;
        -*) echo "compare.sh: unknown option $1" >&2; exit 2 ;;
        *) capture=$(realpath "$1"); shift ;;
    esac
done
runs=${RUNS:-3}

for program in cargo jq hyperfine capinfos tshark tcpflow /usr/bin/time; do
    command -v "$program" >/dev/null || { echo "compare.sh: $program is not installed" >&2; exit 2; }
done

binary=${BINARY:+$(realpath "$BINARY")}
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ -z $binary ]]; then
    cargo build --profile dist --bin rtmp-inspect >&2
    binary=$(cargo metadata --format-version 1 --no-deps | jq -r .target_directory)/dist/rtmp-inspect
fi
if [[ -z $capture ]]; then
    capture=$work/speed.pcap
    cargo bench --bench speed -- write "$capture" --gigabytes "$gigabytes" >&2
fi

flows=$work/flows
printf -v file %q "$capture"
# Without a larger limit tshark ignores chunk sizes and messages above 32 KiB and gives the rest of the direction up, so
# that its time would say nothing.
labels=('capinfos -c' 'rtmp-inspect --json' 'rtmp-inspect check' 'tshark -Y rtmpt -T fields' 'tcpflow')
commands=(
    "capinfos -c $file"
    "$(printf %q "$binary") --json $file"
    "$(printf %q "$binary") check $file"
    "tshark -r $file -o rtmpt.max_packet_size:16777215 -Y rtmpt -T fields -e frame.number -e rtmpt.header.typeid"
    "tcpflow -r $file -o $flows"
)

cat "$capture" >/dev/null
# `check` may end with 1: -i. Output goes to /dev/null.
hyperfine -N -i --warmup 0 --runs "$runs" --prepare "rm -rf $flows" --export-json "$work/times.json" "${commands[@]}" >&2

for number in "${!commands[@]}"; do
    rm -rf "$flows"
    eval "/usr/bin/time -f %M -o $work/memory.$number ${commands[number]}" >/dev/null 2>&1 || true
    # GNU time says first when a program ended with another status than 0.
    memory[number]=$(tail -n 1 "$work/memory.$number")
done

size=$(stat -Lc %s "$capture")
printf '%s, %s bytes, %s packets; %s runs on %s (%s cores).\n\n' "$(basename "$capture")" "$size" \
    "$(capinfos -TmcMr "$capture" | cut -d, -f2)" "$runs" \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)"
echo '| program | mean | spread | speed | time, capinfos = 1 | peak memory | exit status |'
echo '| --- | ---: | ---: | ---: | ---: | ---: | --- |'
for number in "${!commands[@]}"; do
    jq -r --arg program "${labels[number]}" --argjson size "$size" --argjson number "$number" \
        --argjson memory "${memory[number]}" '
        def hundredths: . * 100 | round / 100;
        .results[0].mean as $base | .results[$number] |
        "| `\($program)` | \(.mean * 1000 | round) ms | ± \((.stddev // 0) * 1000 | round) ms " +
        "| \($size / .mean / 1e6 | round) MB/s | \(.mean / $base | hundredths) | \($memory / 1024 | hundredths) MiB " +
        "| \(.exit_codes | unique | map(tostring) | join(", ")) |"
    ' "$work/times.json"
done
