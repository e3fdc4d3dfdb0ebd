"""Validates Kubernetes objects strictly: a field that the API does not have is an error.

usage: validate.py CRD_FOLDER KUBERNETES_VERSION… < objects.yaml

Prints one line for each breach and ends with 1 if there is any. Built-in kinds are held to
kubernetes-validate's schemas of the versions that are named, custom ones to the definitions in the
folder.
"""

import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml


def strict(schema):
    """A CustomResourceDefinition's schema as JSON Schema that refuses unknown fields, as
    `kubectl --validate=strict` does."""
    if not isinstance(schema, dict):
        return schema
    inner_schemas = ("properties", "items", "additionalProperties")
    made = {key: value for key, value in schema.items() if key not in inner_schemas}
    if "properties" in schema:
        made["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made["additionalProperties"] = False
    for key in ("items", "additionalProperties"):
        if key in schema:
            made[key] = strict(schema[key])
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if schema.get("nullable") and "type" in made:
        made["type"] = [made["type"], "null"]
    return made


def definitions(folder):
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.yaml")):
        for crd in yaml.safe_load_all(path.read_text()):
            if not crd:
                continue
            for version in crd["spec"]["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                # The API server knows what is in it; the definition has only that it is an object.
                schema["properties"]["metadata"] = {"type": "object"}
                found[f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]] = schema
    return found


def problems(objects, custom, versions):
    for thing in objects:
        called = f"{thing.get('kind')}/{thing.get('metadata', {}).get('name')}"
        schema = custom.get((thing.get("apiVersion"), thing.get("kind")))
        if schema:
            for error in jsonschema.Draft202012Validator(schema).iter_errors(thing):
                yield f"{called}: {error.json_path}: {error.message}"
            continue
        for version in versions:
            try:
                kubernetes_validate.validate(thing, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                path = ".".join(map(str, error.path))
                yield f"{called} (Kubernetes {version}): {path}: {error.message}"
            except kubernetes_validate.SchemaNotFoundError as error:
                yield f"{called}: {error.message}"


def main():
    folder, versions = sys.argv[1], sys.argv[2:]
    objects = [thing for thing in yaml.safe_load_all(sys.stdin) if thing]
    if not versions or not objects:
        sys.exit(f"nothing to validate: {len(objects)} objects, versions {versions}")
    found = list(problems(objects, definitions(folder), versions))
    print("\n".join(found) if found else f"{len(objects)} objects are valid")
    sys.exit(1 if found else 0)


main()
