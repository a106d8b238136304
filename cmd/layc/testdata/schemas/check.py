"""Checks documents with the libraries of SPDX, CycloneDX and in-toto: the schema of CycloneDX 1.6, the
rules of SPDX 2.3, and the messages of in-toto Statement v1 and SLSA provenance v1.

Arguments are files: *.spdx.json, *.cdx.json, and *.intoto.json for statements.
"""

import json
import sys
import tempfile

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

CYCLONEDX = JsonStrictValidator(SchemaVersion.V1_6)


def cyclonedx(text):
    error = CYCLONEDX.validate_str(text)
    return [] if error is None else [error]


def spdx(text):
    with tempfile.NamedTemporaryFile("w", suffix=".spdx.json") as file:
        file.write(text)
        file.flush()
        return [m.validation_message for m in validate_full_spdx_document(parse_file(file.name))]


def statement(text):
    # Unknown fields and wrong types are errors.
    message = json_format.Parse(text, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    predicate = json.dumps(json.loads(text)["predicate"])
    if message.predicate_type == "https://spdx.dev/Document":
        return spdx(predicate)
    if message.predicate_type != "https://slsa.dev/provenance/v1":
        return ["unknown predicate " + message.predicate_type]
    made = json_format.Parse(predicate, provenance_pb2.Provenance())
    wanted = {
        "buildType": made.build_definition.build_type,
        "externalParameters": len(made.build_definition.external_parameters),
        "builder.id": made.run_details.builder.id,
    }
    return ["no " + name for name, value in wanted.items() if not value]


def main():
    failed = False
    for name in sys.argv[1:]:
        with open(name) as file:
            text = file.read()
        check = spdx if name.endswith(".spdx.json") else cyclonedx if name.endswith(".cdx.json") else statement
        try:
            errors = check(text)
        except Exception as error:  # whatever a library raises
            errors = [error]
        for error in errors:
            failed = True
            print(f"{name}: {error}")
    print(f"{len(sys.argv) - 1} documents")
    sys.exit(failed)


main()
