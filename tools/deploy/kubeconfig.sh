#!/usr/bin/env bash
# Points kubectl at the cluster. Needs AWS_REGION, EKS_CLUSTER, and credentials of the deploying role.
set -euo pipefail
: "${AWS_REGION:?must be set, for instance eu-central-1}" "${EKS_CLUSTER:?must be set, the name of the cluster}"
aws eks update-kubeconfig --region "$AWS_REGION" --name "$EKS_CLUSTER" --alias verdict >&2
kubectl auth can-i patch statefulsets.apps --namespace verdict --quiet || {
  echo "kubeconfig: this role may not change StatefulSets in namespace verdict: see deploy/eks/deployer.yaml" >&2
  exit 1
}
