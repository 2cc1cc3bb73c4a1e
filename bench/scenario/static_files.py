"""The folder of files that a server may serve by itself."""

from typing import Annotated

from pydantic import AfterValidator, Field

from bench.scenario.part import Part
from bench.scenario.texts import FilePath, UrlPrefix

StaticPrefix = Annotated[UrlPrefix, AfterValidator(lambda prefix: f"/{prefix.strip('/')}/")]


class StaticFiles(Part):
    """A folder of files, and the prefix of the URLs they are served under."""

    prefix: StaticPrefix = Field(
        "/static/", description="What the paths of the files' URLs start with, such as /static/."
    )
    folder: FilePath = Field(description="The folder of the files, relative to the scenario file.")
