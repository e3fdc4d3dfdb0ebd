#!/usr/bin/env bash
# What a runner lacks of what the tests need, by apt.
set -euo pipefail
sudo apt-get update -qq
sudo apt-get install -y -qq --no-install-recommends openjdk-17-jdk-headless maven python3-venv wordnet-base libssl-dev pkg-config \
  docker-compose docker-registry prometheus
