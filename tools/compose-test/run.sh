#!/usr/bin/env bash
# Builds the images, brings docker-compose.yml up, posts reviews, scales, kills, audits, and takes everything down again.
# Prints what it found as Markdown (progress goes to standard error). Exit code 1 if anything is not as it must be.
#
# Where the base images cannot be pulled it makes stand-ins of Debian's packages (standins.sh), and leaves out Grafana, Jaeger and
# MLflow, for which there is none; --pull takes the real ones. Where no Docker engine runs it starts one (engine.sh; needs root).
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
work=${VERDICT_COMPOSE_TEST:-${XDG_CACHE_HOME:-$HOME/.cache}/verdict/compose-test}
pull= keep= build=1 reviews=1000 consumers=3 concurrency=32 monitor=1
imdb=${VERDICT_IMDB:-}

usage() {
  cat <<USAGE
usage: tools/compose-test/run.sh [OPTIONS]
  --pull              take the real base images from their registries, and run Grafana too
  --no-build          take the images that are there, tagged compose-test
  --keep              leave the stack up at the end
  --reviews N         reviews to post each time (default $reviews)
  --concurrency N     clients that post at once (default $concurrency)
  --consumers N       consumers to scale to (default $consumers)
  --imdb ARCHIVE      post reviews of aclImdb_v1.tar.gz instead of plain sentences (default: VERDICT_IMDB)
  --without-monitor   leave the service monitor out
USAGE
}
while [ $# -gt 0 ]; do
  case $1 in
    --pull) pull=1 ;;
    --no-build) build= ;;
    --keep) keep=1 ;;
    --reviews) reviews=$2; shift ;;
    --concurrency) concurrency=$2; shift ;;
    --consumers) consumers=$2; shift ;;
    --imdb) imdb=$2; shift ;;
    --without-monitor) monitor= ;;
    --help) usage; exit ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done

. "$root/tools/compose-test/engine.sh"
. "$root/tools/compose-test/standins.sh"

measure() { python3 "$root/tools/compose-test/measure.py" "$@"; }
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
say() { echo "compose-test: $*" >&2; }
failed=0
wrong() { say "WRONG: $*"; failed=1; }
now() { date +%s.%N; }
since() { printf '%.1f' "$(echo "$(now) - $1" | bc)"; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

if docker compose version >/dev/null 2>&1; then compose_tool=(docker compose); else compose_tool=(docker-compose); fi
compose() { "${compose_tool[@]}" --profile load --profile train --project-name verdict-compose-test --file "$root/docker-compose.yml" --project-directory "$root" "$@"; }
containers() { compose ps -q "$1"; }

down() {
  if [ -z "$keep" ]; then
    compose down --volumes --remove-orphans --timeout 20 >&2 || true
    engine_stop
  fi
}
trap down EXIT

mkdir -p "$work"
engine_start
[ -z "$build" ] || buildx_install
export VERDICT_TAG=compose-test REVISION CREATED
REVISION=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
CREATED=$(git -C "$root" log -1 --format=%cI 2>/dev/null || echo 1970-01-01T00:00:00Z)

# --- the images ---------------------------------------------------------------------------------------------------------------
if [ -z "$pull" ]; then
  [ -z "$build" ] || standins_to_build
  standins_to_run
fi
network=(); [ -n "$pull" ] || network=(--network host)
start=$(now)
[ -z "$build" ] || for service in consumer producer trainer web; do
  say "building verdict-$service"
  # What a stand-in fetches, it fetches as this machine does.
  docker buildx build --load ${network[@]+"${network[@]}"} --target "$service" --build-arg REVISION="$REVISION" --build-arg CREATED="$CREATED" \
    --tag "verdict-$service:$VERDICT_TAG" "$root" >"$work/build-$service.log" 2>&1 \
    || { tail -30 "$work/build-$service.log" >&2; say "the image of $service does not build"; exit 1; }
done
built=$(since "$start")

for service in consumer producer trainer web; do
  image=verdict-$service:$VERDICT_TAG
  user=$(docker image inspect --format '{{.Config.User}}' "$image")
  [ "$user" = 65532:65532 ] || wrong "$image runs as $user"
  if docker run --rm --network none --entrypoint /bin/sh "$image" -c true >/dev/null 2>&1; then wrong "$image has a shell"; fi
  docker run --rm --network none --read-only --cap-drop ALL "$image" --help >/dev/null || wrong "$image does not start"
done

# --- up -----------------------------------------------------------------------------------------------------------------------
WEB_PORT=$(free_port) KAFKA_PORT=$(free_port) PROMETHEUS_PORT=$(free_port) GRAFANA_PORT=$(free_port)
export WEB_PORT KAFKA_PORT PROMETHEUS_PORT GRAFANA_PORT
web=http://127.0.0.1:$WEB_PORT prometheus=http://127.0.0.1:$PROMETHEUS_PORT
services=(kafka topics consumer web prometheus)
[ -z "$monitor" ] || services+=(monitor)
[ -z "$pull" ] || services+=(grafana)

# until_healthy SERVICE SECONDS: all its containers are.
until_healthy() {
  local deadline=$((SECONDS + $2)) ids states
  while :; do
    ids=$(containers "$1")
    states=$(docker inspect --format '{{.State.Health.Status}}' $ids 2>/dev/null | sort | uniq -c | xargs || true)
    case $states in *[!0-9\ a-z]* | '' | *starting* | *unhealthy*) ;; *healthy) return ;; esac
    if [ $SECONDS -gt $deadline ]; then
      docker inspect --format '{{json .State.Health}}' $ids >&2
      compose logs --tail 20 "$1" >&2
      say "$1 is not healthy after $2 s: $states"
      exit 1
    fi
    sleep 0.5
  done
}

start=$(now)
compose up --no-build --detach "${services[@]}" >&2
until_healthy kafka 180
until_healthy consumer 90
until_healthy web 90
ready=$(since "$start")
[ -z "$monitor" ] || until_healthy monitor 90
until_healthy prometheus 90
[ -z "$pull" ] || until_healthy grafana 120
say "ready after $ready s"

# What the engine made of the limits and restrictions, rather than what the file says.
docker inspect $(compose ps -q) | python3 -c '
import json, sys
for container in json.load(sys.stdin):
    host, name = container["HostConfig"], container["Config"]["Labels"]["com.docker.compose.service"]
    got = {"memory": host["Memory"] > 0, "cpus": host["NanoCpus"] > 0, "processes": (host["PidsLimit"] or 0) > 0,
           "no capabilities": host["CapDrop"] == ["ALL"] and not host["CapAdd"], "not privileged": not host["Privileged"],
           "no new privileges": "no-new-privileges:true" in host["SecurityOpt"], "read only": host["ReadonlyRootfs"] or name == "kafka",
           "user": container["Config"]["User"].split(":")[0] not in ("", "0", "root"),
           "loopback": all(port["HostIp"] == "127.0.0.1" for ports in (host["PortBindings"] or {}).values() for port in ports)}
    for what in (what for what, is_so in got.items() if not is_so):
        print(f"{name}: {what}")
' >"$work/restrictions.txt"
[ ! -s "$work/restrictions.txt" ] || wrong "restrictions that do not hold: $(cat "$work/restrictions.txt")"

# --- every review is answered --------------------------------------------------------------------------------------------------
from_imdb=(); [ -z "$imdb" ] || from_imdb=(--imdb "$imdb")
post() { measure post "$web" --reviews "$reviews" --concurrency "$concurrency" "${from_imdb[@]}" "$@"; }

# audit NAME [FLAG…]: waits until nothing waits, then proves every review has its one outcome.
audit() {
  local name=$1; shift
  local answer
  answer=$(compose run --rm -T --no-deps consumer audit --json "$@" 2>>"$work/audit.log" | tail -1) || wrong "audit $name: $answer"
  echo "$answer"
}
# Whether the group has nothing left to read, by what the consumers say of themselves.
until_read() {
  local deadline=$((SECONDS + 120)) lag
  while :; do
    lag=$(measure query "$prometheus" 'sum(verdict_consumer_lag)' 2>/dev/null | grep -o ': [0-9.]*' | tr -d ': ' || true)
    [ "$lag" != 0.0 ] || return 0
    [ $SECONDS -lt $deadline ] || { wrong "the consumers have $lag reviews left after 120 s"; return 0; }
    sleep 1
  done
}

say "posting $reviews reviews to one consumer"
one=$(post --first 0) || wrong "not every review was answered: $one"
say "$one"
one_audit=$(audit "one consumer") && say "$one_audit"

# --- several consumers share the partitions -----------------------------------------------------------------------------------
say "scaling to $consumers consumers"
start=$(now)
compose up --no-build --detach --no-recreate --scale consumer="$consumers" "${services[@]}" >&2
until_healthy consumer 90
measure targets "$prometheus" verdict-consumer="$consumers" verdict-web=1 ${monitor:+verdict-monitor=1} >"$work/targets.json" \
  || wrong "Prometheus: $(cat "$work/targets.json")"
targets=$(cat "$work/targets.json"); say "$targets"
# The members share the 12 partitions when every one has some and together they have each once; a scrape may be a moment old.
shared= deadline=$((SECONDS + 60))
until [ -n "$shared" ]; do
  partitions=$(measure query "$prometheus" 'count by (instance) (verdict_consumer_lag{topic="reviews"})' || true)
  shared=$(python3 -c 'import json, sys
found = json.loads(sys.argv[1] or "{}")
print("yes" if len(found) == int(sys.argv[2]) and sum(found.values()) == 12 else "")' "$partitions" "$consumers")
  [ -n "$shared" ] || [ $SECONDS -lt $deadline ] || { wrong "the consumers do not share 12 partitions: $partitions"; break; }
  [ -n "$shared" ] || sleep 1
done
scaled=$(since "$start")
say "partitions: $partitions"
three=$(post --first "$reviews") || wrong "not every review was answered: $three"
say "$three"

# --- one is killed while reviews flow --------------------------------------------------------------------------------------------
say "posting $reviews reviews, and killing one of $consumers consumers meanwhile"
# At a pace, so that there is time to kill in.
post --first $((2 * reviews)) --wait 30 --rate $((reviews / 10)) >"$work/killed.json" &
posting=$!
victim=$(containers consumer | sed -n 1p)
# Not before some reviews of this round are answered, so that it dies at work.
answered() { curl -fsS "$web/metrics" | sed -n 's/^verdict_web_replies_total{.*outcome="delivered".*} //p'; }
before=$(answered) deadline=$((SECONDS + 60))
until [ "$(answered)" -ge $((before + reviews / 10)) ] || [ $SECONDS -ge $deadline ]; do sleep 0.05; done
docker kill "$victim" >/dev/null
kill -0 $posting 2>/dev/null || wrong "the consumer was killed after all reviews had been posted"
wait $posting || wrong "not every review was answered: $(cat "$work/killed.json")"
killed=$(cat "$work/killed.json"); say "$killed"
docker start "$victim" >/dev/null
until_healthy consumer 90

# --- Kafka's container is replaced; its data is in the volume -----------------------------------------------------------------
say "replacing the container of Kafka"
start=$(now)
compose rm --stop --force kafka >&2
compose up --no-build --detach --no-deps kafka >&2
until_healthy kafka 180
until_healthy web 90
until_healthy consumer 90
replaced=$(since "$start")
after=$(post --first $((3 * reviews))) || wrong "not every review was answered: $after"
say "$after"

# --- a model is trained of labelled reviews, and the consumers take it -----------------------------------------------------------
labelled=0
if [ -n "$imdb" ]; then
  say "publishing 25,000 labelled reviews, and training"
  labelled=25000
  export LOAD_DIR TRAIN_NEW_LABELS=$labelled
  LOAD_DIR=$(cd "$(dirname "$imdb")" && pwd)
  compose up --no-build --detach --no-deps trainer >&2
  until_healthy trainer 90
  start=$(now)
  compose run --rm -T --no-deps producer publish "/data/$(basename "$imdb")" --split test --labels >&2 || wrong "not all labelled reviews were published"
  taken="count(verdict_model_info{job=\"verdict-consumer\",version=\"1\"}) == $consumers"
  deadline=$((SECONDS + 180))
  until measure query "$prometheus" "$taken" >/dev/null; do
    [ $SECONDS -lt $deadline ] || { wrong "the consumers did not take a new model: $(compose logs --tail 5 trainer)"; break; }
    sleep 0.5
  done
  trained=$(since "$start")
  say "all consumers have the new model after $trained s"
fi
until_read
killed_audit=$(audit "after the kill and the replacement" --allow-duplicates) && say "$killed_audit"

# --- what it takes ------------------------------------------------------------------------------------------------------------------
for check in missing both phantom; do
  for report in "$one_audit" "$killed_audit"; do
    count=$(echo "$report" | field "$check"); [ "$count" = 0 ] || wrong "audit: $check $count"
  done
done
[ "$(echo "$one_audit" | field duplicated)" = 0 ] || wrong "audit: duplicates, and nothing was killed"
[ "$(echo "$killed_audit" | field reviews)" = $((4 * reviews + labelled)) ] || wrong "audit: not all reviews are there"

mib() { python3 -c 'import sys; print(f"{int(sys.argv[1]) / 2**20:.1f}")' "$1"; }
row() { echo "| $1 | $2 |"; }
summary() { python3 -c 'import json, sys
a = json.loads(sys.argv[1])
print("{answered} of {posted} answered in {seconds} s ({per_second}/s); p50 {p50_ms} ms, p95 {p95_ms} ms, p99 {p99_ms} ms, max {max_ms} ms".format(**a))' "$1"; }
audited() { python3 -c 'import json, sys
a = json.loads(sys.argv[1])
print("{reviews} reviews: {missing} missing, {duplicated} duplicated, {both} both, {phantom} phantom".format(**a))' "$1"; }
standin_note() {
  local image names=()
  for image in "$(rust_image)" "$(compose_image apache/kafka)" "$(compose_image prom/prometheus)"; do
    ! is_standin "$image" || names+=("$image")
  done
  echo "${names[*]:-none}"
}

echo "| what | measured |"
echo "|---|---|"
row "engine, Compose" "$(docker info --format '{{.ServerVersion}}'), $("${compose_tool[@]}" version --short)"
row "stand-ins for" "$(standin_note)"
for service in consumer web producer trainer; do
  image=verdict-$service:$VERDICT_TAG
  size=$(docker image inspect --format '{{.Size}}' "$image")
  row "image \`$service\`" "$(mib "$size") MiB, $(mib "$(docker save "$image" | gzip -6 | wc -c)") MiB compressed"
done
[ -z "$build" ] || row "build of the four images" "$built s (what was cached is not built again)"
row "\`up\` until the web server is ready" "$ready s"
row "one consumer" "$(summary "$one")"
row "audit" "$(audited "$one_audit")"
row "scaled to $consumers consumers, each with its partitions" "$scaled s; partitions $(echo "$partitions" | tr -d '{}"')"
row "$consumers consumers" "$(summary "$three")"
row "one of $consumers killed meanwhile" "$(summary "$killed")"
row "Kafka's container replaced, until all are ready again" "$replaced s"
row "after that" "$(summary "$after")"
[ -z "$imdb" ] || row "25,000 labelled reviews published, trained, all consumers on the new model" "$trained s"
row "audit" "$(audited "$killed_audit")"
row "Prometheus' targets, all up" "$(echo "$targets" | field targets | tr -d "{}'")"
for service in kafka consumer web prometheus ${monitor:+monitor} ${imdb:+trainer}; do
  memory=$(docker stats --no-stream --format '{{.MemUsage}}' $(containers "$service") | cut -d/ -f1 | xargs | sed 's/ /, /g')
  row "memory of \`$service\`" "$memory"
done
[ $failed = 0 ] && say "all as it must be" || say "NOT all as it must be (above)"
exit $failed
