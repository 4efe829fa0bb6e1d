#!/bin/sh
# Stands for Playwright: reads the order as a worker does, and leaves what a worker leaves. STAND_IN names how it ends.
set -eu
field() { sed -n "s|.*\"$1\":\"\([^\"]*\)\".*|\1|p" "$MOLAR_REPLAY_ORDER"; }
progress=$(field progress)
id=$(field replay_id)
tell() { printf '%s\n' "$1" >> "$progress"; }

mkdir -p "$MOLAR_TRACE_DIR"
pwd -P > "$MOLAR_TRACE_DIR/cwd"
cp "$MOLAR_REPLAY_ORDER" "$MOLAR_TRACE_DIR/order.json"
ls -l "$MOLAR_REPLAY_ORDER" > "$MOLAR_TRACE_DIR/order.mode"
env > "$MOLAR_TRACE_DIR/env"
printf '%s\n' "$@" > "$MOLAR_TRACE_DIR/args"
rm -rf "$MOLAR_TRACE_DIR/seen"
cp -R . "$MOLAR_TRACE_DIR/seen"
tell '{"at_ms":1,"state":"skipping","step":1}'

title() { if [ "$1" = 1 ]; then echo Open; else echo Upgrade; fi; }
trace() {
  dir="$MOLAR_TRACE_DIR/traces/runs/local/2026/01/02/$2"
  mkdir -p "$dir"
  {
    printf '{"ts":0,"seq":1,"kind":"run.start","format":1,"trace_id":"%s","short_id":"xY9zQ2mNp","wall_ms":1767312000000,"project":"chromium","scenario":{"slug":"upgrade","title":"upgrades (now)","file":"tests/upgrade.spec.ts","line":1,"title_path":["plans","upgrades (now)"]},"run":{"id":"r"},"retry":0,"repeat_each":0,"worker":{"index":0,"parallel_index":0,"pid":1},"source":"manual","seeds":{},"environment":{},"capture":{},"recorder":{"name":"stand-in","version":"0"},"parent_trace_id":"550e8400-e29b-41d4-a716-446655440000","replay":{"id":"%s","from_step":2,"strategy":"fast-forward","app_mode":"hybrid"}}\n' "$2" "$id"
    for n in 1 2; do
      printf '{"ts":%s,"seq":%s,"kind":"step.start","step_id":"s%s","title":"%s","category":"test.step","index":%s,"path":["x"]}\n' "$n" "$((2 * n))" "$n" "$(title "$n")" "$n"
      printf '{"ts":%s,"seq":%s,"kind":"step.end","step_id":"s%s","status":"passed","duration_ms":1}\n' "$n" "$((2 * n + 1))" "$n"
    done
    printf '{"ts":5,"seq":6,"kind":"run.end","status":"%s","duration_ms":5,"counts":{"run.start":1,"run.end":1}%s}\n' "$1" "${3:-}"
  } > "$dir/trace.ndjson.zst"
}
uuid="550e8400-e29b-41d4-a716-${id#????}"

case "${STAND_IN:-pass}" in
  pass) tell '{"at_ms":2,"state":"passed"}'; trace passed "$uuid" ;;
  fail) tell '{"at_ms":2,"state":"failed","message":"the plan is free"}'; trace failed "$uuid" ',"error":{"message":"the plan is free"}'; exit 1 ;;
  diverge)
    tell '{"at_ms":2,"state":"diverged","code":"NETWORK_MISS","message":"GET /api/x is not in the record"}'
    trace failed "$uuid" ',"error":{"message":"the plan is free"}'; exit 1 ;;
  block) tell '{"at_ms":2,"state":"blocked","code":"NO_TAPE","message":"there is no tape"}'; exit 1 ;;
  no-test) echo 'Error: No tests found'; exit 1 ;;
  broken) echo 'SyntaxError: Unexpected token'; exit 1 ;;
  silent) ;;
  lies) tell '{"at_ms":2,"state":"passed"}'; trace failed "$uuid" ;;
  ends-early) tell '{"at_ms":2,"state":"diverged","code":"NO_SUCH_STEP","message":"an edit took steps away"}'; trace passed "$uuid" ;;
  wordless) trace passed "$uuid" ;;
  unreplayed) id=none; trace passed "$uuid" ;;
  clone)
    node -e "
      const call = (path, init) => fetch(process.env.MOLAR_CLONE_STRIPE_URL + path, { headers: { authorization: 'Bearer sk_test_replay', 'content-type': 'application/x-www-form-urlencoded' }, ...init }).then((answer) => answer.json());
      call('/v1/customers').then((before) => call('/v1/customers', { method: 'POST', body: 'email=replayed%40example.com' }).then((made) => console.log(JSON.stringify({ before: before.data, made }))));
    " > "$MOLAR_TRACE_DIR/customers"
    tell '{"at_ms":2,"state":"passed"}'; trace passed "$uuid" ;;
  clone-again)
    # The app calls the clone while its server is brought to step N, and the clone is put back after that.
    customers() { node -e "fetch(process.env.MOLAR_CLONE_STRIPE_URL + '/v1/customers', { headers: { authorization: 'Bearer sk_test_replay', 'content-type': 'application/x-www-form-urlencoded' }, ...$1 }).then((answer) => answer.text()).then(console.log)"; }
    customers "{ method: 'POST', body: 'email=early%40example.com' }" > "$MOLAR_TRACE_DIR/made"
    tell '{"at_ms":2,"state":"skipping","detail":{"server":{"sent":1,"otherwise":[]},"awaits":"clones"}}'
    restored=$(field clones_restored)
    while [ ! -e "$restored" ]; do sleep 0.05; done
    customers '{}' > "$MOLAR_TRACE_DIR/customers"
    tell '{"at_ms":3,"state":"passed"}'; trace passed "$uuid" ;;
  fall-back)
    if grep -q '"strategy":"auto"' "$MOLAR_REPLAY_ORDER"; then
      tell '{"at_ms":2,"state":"diverged","code":"UNSUPPORTED_HANDLE","message":"the tape has no download","detail":{"fallback":"fast-forward"}}'
      trace failed "550e8400-e29b-41d4-b716-${id#????}"; exit 1
    fi
    tell '{"at_ms":3,"state":"passed"}'; trace passed "$uuid" ;;
  hold)
    tell '{"at_ms":2,"state":"held","step":2,"message":"it stands","detail":{"cdp":"http://127.0.0.1:1"}}'
    release=$(field release)
    while [ ! -e "$release" ]; do sleep 0.05; done
    trace failed "$uuid"; exit 1 ;;
  hold-browser)
    # A real browser and the real guest's relay, as a worker that holds one has them.
    port=$(sed -n 's|.*"relay":{"port":\([0-9]*\).*|\1|p' "$MOLAR_REPLAY_ORDER")
    mkfifo "$MOLAR_TRACE_DIR/asked"
    node "$RELAY" "$GUEST" "$CHROMIUM" 'data:text/html,<title>one</title>' < "$MOLAR_TRACE_DIR/asked" &
    exec 3> "$MOLAR_TRACE_DIR/asked"
    echo "open $port $(field token)" >&3
    tell '{"at_ms":2,"state":"held","step":2,"message":"it stands","detail":{"cdp":"http://127.0.0.1:1"}}'
    release=$(field release)
    while [ ! -e "$release" ]; do sleep 0.05; done
    exec 3>&-
    wait
    trace failed "$uuid"; exit 1 ;;
  by-code)
    # As the test would: what stands in the copy decides.
    n=$(cat "$MOLAR_TRACE_DIR/runs" 2> /dev/null || echo 0); n=$((n + 1)); echo "$n" > "$MOLAR_TRACE_DIR/runs"
    uuid="550e8400-e29b-41d4-a${n}16-${id#????}"
    if grep -q right playwright.config.ts; then tell '{"at_ms":2,"state":"passed"}'; trace passed "$uuid"; exit 0; fi
    tell '{"at_ms":2,"state":"failed"}'; trace failed "$uuid" ',"error":{"message":"not right"}'; exit 1 ;;
  hang)
    sleep 600 & echo "$!" > "$MOLAR_TRACE_DIR/pids"
    if command -v setsid > /dev/null; then setsid sleep 600 & echo "$!" >> "$MOLAR_TRACE_DIR/pids"; fi
    trap '' TERM
    echo "$$" >> "$MOLAR_TRACE_DIR/pids"
    tell '{"at_ms":2,"state":"running","step":2}'
    while :; do sleep 600 & wait "$!" || :; done ;;
esac
