"""Kubeconfigs that are read without the yaml package mean what they mean to it."""

from __future__ import annotations

import json

import pytest
import yaml

from kubectl_dshell.kube.kubeconfig import plain_yaml
from kubectl_dshell.kube.kubeconfig.yaml_reader import parse_any

KUBECTL = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJkekNDQVIyZ0F3SUJBZ0lC+/==
    extensions:
    - extension:
        last-update: Thu
        provider: minikube.sigs.k8s.io
      name: cluster_info
    insecure-skip-tls-verify: false
    server: https://127.0.0.1:6443
  name: arn:aws:eks:eu-central-1:123456789012:cluster/shop
contexts:
- context:
    cluster: arn:aws:eks:eu-central-1:123456789012:cluster/shop
    namespace: shop
    user: ada@example.org
  name: shop
current-context: shop
kind: Config
preferences: {}
users:
- name: ada@example.org
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - --region
      - eu-central-1
      - eks
      - -n
      command: aws
      env: null
      interactiveMode: IfAvailable
      provideClusterInfo: false
"""
BY_HAND = """\
# mine
users:
  -   name: "ada"   
      user:

        token: 'a b: c # d'
        # the number of the group
        as-groups: []
        as-uid: 1000
        password: ""
current-context:
contexts:
clusters:
    - name: 1.5
"""  # noqa: W291  # spaces at the end of a line
DOCUMENTS = {"kubectl": KUBECTL, "by hand": BY_HAND, "json": json.dumps(yaml.safe_load(KUBECTL), indent=1)}


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_usual_ones_are_read_without_the_package(text: str) -> None:
    assert plain_yaml.parse(text.encode()) == parse_any(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a: b c",
        "a: b # c",
        "a: &b c",
        "a: *b",
        "a: !b c",
        "a: |\n  b",
        "a: b\n c",
        "a: [b]",
        "a: 'it''s'",
        'a: "\\n"',
        "a: b:",
        "a:\n  b",
        "a:\tb",
        "a: b\r\n",
        "a: ü",
        "? a",
        "---\na: b",
        "a: b\n---\nc: d",
        "<<: a",
        "- - a",
        "-\n  a: b",
        " a: b\nc: d",
        "a: 1\n- b",
        "- a\nb: 1",
        "a:\n    - b\n  - c",
        "a:\n  b: 1\n c: 2",
        "%YAML 1.1",
        '{"a": "\\n"}',
        '{"a": NaN}',
        '{"a": 1',
        "{a: b}",
        '{"a":' * 101,
        "a:\n" * 10_001,
        "\n".join(" " * depth + "a:" for depth in range(60)),
    ],
)
def test_all_else_is_left_to_the_package(text: str) -> None:
    with pytest.raises(plain_yaml.NotPlain):
        plain_yaml.parse(text.encode())
