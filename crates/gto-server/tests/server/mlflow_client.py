"""What the test `mlflows_own_client_reads_and_moves_stages` runs: mlflow-skinny as it is."""

import os
import sys

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

uri, folder = sys.argv[1:]
mlflow.set_tracking_uri(uri)
client = MlflowClient(uri, uri)
[one] = client.search_registered_models(filter_string="name LIKE 'nlp%'")
assert one.name == "nlp=churn", one
assert one.aliases == {"prod": "1000000", "dev": "1001000"}, one.aliases
assert one.description == "Who will leave", one.description
assert [m.name for m in client.search_registered_models(max_results=1)] == ["data"]
page = client.search_registered_models(max_results=1)
assert [m.name for m in client.search_registered_models(max_results=1, page_token=page.token)] == ["nlp=churn"]
model = client.get_registered_model("nlp=churn")
assert model.latest_versions[0].version == "1001000", model
version = client.get_model_version_by_alias("nlp=churn", "prod")
assert version.tags["gto.version"] == "v1.0.0", version
assert client.get_model_version("nlp=churn", "1001000").aliases == ["dev"]
versions = client.search_model_versions("name = 'nlp=churn'")
assert [v.version for v in versions] == ["1001000", "1000000"], versions
got = mlflow.artifacts.download_artifacts("models:/nlp=churn@dev", dst_path=folder)
assert open(os.path.join(got, "model.bin") if os.path.isdir(got) else got).read() == "2"
client.set_registered_model_alias("nlp=churn", "prod", "1001000")
assert client.get_model_version_by_alias("nlp=churn", "prod").version == "1001000"
client.set_registered_model_alias("nlp=churn", "qa", "1000000")
client.delete_registered_model_alias("nlp=churn", "qa")
assert "qa" not in client.get_registered_model("nlp=churn").aliases
for refused in (
    lambda: client.create_registered_model("x"),
    lambda: client.delete_model_version("nlp=churn", "1000000"),
    lambda: client.get_model_version("nlp=churn", "7"),
    lambda: client.get_registered_model("absent"),
    lambda: client.get_model_version_by_alias("nlp=churn", "absent"),
):
    try:
        refused()
    except MlflowException as error:
        print(error.error_code, error)
    else:
        raise AssertionError("not refused")
