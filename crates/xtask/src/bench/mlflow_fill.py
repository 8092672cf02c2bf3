"""Fills the tables of MLflow's model registry: FILE MODELS VERSIONS. By its own client that would take an hour."""

import sys

from mlflow.store.model_registry.dbmodels import models as tables
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking

file, models, versions = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
Tracking("sqlite:///" + file, file + ".artifacts")
with Registry("sqlite:///" + file).engine.begin() as connection:
    for number in range(models):
        name, time = f"model-{number:05}", 1_700_000_000_000 + number
        both = {"name": name, "creation_time": time, "last_updated_time": time}
        rows = {
            tables.SqlRegisteredModel: [{**both, "description": f"What model {number} predicts"}],
            tables.SqlRegisteredModelTag: [{"name": name, "key": "type", "value": "model"}],
            tables.SqlModelVersion: [
                {**both, "version": version, "current_stage": "None", "source": f"models/{name}/{version}", "status": "READY", "user_id": "ci"}
                for version in range(1, versions + 1)
            ],
            tables.SqlRegisteredModelAlias: [
                {"name": name, "alias": alias, "version": max(1, versions - back)} for alias, back in (("prod", 3), ("staging", 1), ("dev", 0))
            ],
        }
        for table, content in rows.items():
            connection.execute(table.__table__.insert(), content)
