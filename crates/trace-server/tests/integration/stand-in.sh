#!/bin/sh
# Stands for Playwright under a replay: reads the order as a worker does, and leaves what a recorder leaves whose process died at its
# end. STAND_IN names how it ends.
set -eu
field() { sed -n "s|.*\"$1\":\"\([^\"]*\)\".*|\1|p" "$MOLAR_REPLAY_ORDER"; }
progress=$(field progress)
id=$(field replay_id)
tell() { printf '%s\n' "$1" >> "$progress"; }
short=$(printf '%s' "$id" | cut -c 1-9)
uuid="550e8400-e29b-41d4-a716-${id#????}"
dir="$MOLAR_TRACE_DIR/traces/runs/local/2026/01/02/$uuid"

# The child's vault is encrypted to the organisation, so that it is worth keeping.
grep -q '^age1' "$MOLAR_TRACE_DIR/vault.pub"

# $1: how it ended; $2: more fields of the end.
trace() {
  mkdir -p "$dir/live"
  start=$(printf '"format":1,"trace_id":"%s","short_id":"%s","wall_ms":1767312000000,"project":"chromium","scenario":{"slug":"checkout","title":"Checkout with Stripe","file":"tests/checkout.spec.ts","line":1,"title_path":["Checkout with Stripe"]},"run":{"id":"r"},"retry":0,"repeat_each":0,"worker":{"index":0,"parallel_index":0,"pid":1},"source":"manual","seeds":{},"environment":{},"capture":{},"recorder":{"name":"stand-in","version":"0"},"parent_trace_id":"%s","replay":{"id":"%s","from_step":2,"strategy":"fast-forward","app_mode":"hybrid"}' "$uuid" "$short" "$SOURCE" "$id")
  {
    printf '{"ts":0,"seq":1,"kind":"run.start",%s}\n' "$start"
    printf '{"ts":1,"seq":2,"kind":"step.start","step_id":"s1","title":"Open the shop","category":"test.step","index":1}\n'
    printf '{"ts":2,"seq":3,"kind":"step.end","step_id":"s1","status":"passed","duration_ms":1}\n'
    printf '{"ts":3,"seq":4,"kind":"step.start","step_id":"s2","title":"Click '"'"'Upgrade to Pro'"'"'","category":"test.step","index":2}\n'
    printf '{"ts":4,"seq":5,"kind":"console.log","step_id":"s2","level":"log","text":"webhook is at %s"}\n' "$(cat webhook.txt)"
    printf '{"ts":5,"seq":6,"kind":"step.end","step_id":"s2","status":"%s","duration_ms":1}\n' "$1"
    printf '{"ts":6,"seq":7,"kind":"run.end","status":"%s","duration_ms":6,"counts":{}%s}\n' "$1" "${2:-}"
  } > "$dir/live/000001.ndjson"
  printf '{"pid":1,"pid_start":null,"host":"h","version":"0","org":"local","trace_id":"%s","wall_ms":1767312000000,"server":null,"run_start":{%s}}' "$uuid" "$start" > "$dir/recorder.json"
}

[ "$STAND_IN" != hang ] || echo "$$" > "$PIDS"
tell '{"at_ms":1,"state":"skipping","step":1}'
tell '{"at_ms":2,"state":"running","step":2}'
case "$STAND_IN" in
  pass) trace passed; tell '{"at_ms":3,"state":"passed"}' ;;
  fail) trace failed ',"error":{"message":"the plan is free"}'; tell '{"at_ms":3,"state":"failed","message":"the plan is free"}'; exit 1 ;;
  diverge)
    trace failed ',"error":{"message":"the plan is free"}'
    tell '{"at_ms":3,"state":"diverged","code":"NETWORK_MISS","message":"GET /api/x is not in the record"}'; exit 1 ;;
  leak) env; exit 1 ;;
  hang)
    while :; do sleep 600 & wait "$!" || :; done ;;
esac
