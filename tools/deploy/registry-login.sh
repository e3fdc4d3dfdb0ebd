#!/usr/bin/env bash
# Lets docker push to ECR, for the attestation that goes beside the image. Needs AWS_REGION and ECR_REGISTRY.
set -euo pipefail
: "${AWS_REGION:?must be set}" "${ECR_REGISTRY:?must be set, for instance 111122223333.dkr.ecr.eu-central-1.amazonaws.com}"
aws ecr get-login-password --region "$AWS_REGION" | docker login --username AWS --password-stdin "$ECR_REGISTRY"
