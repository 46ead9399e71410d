# moto's server, and two things that it lacks. POST /gantry-lab/age puts the versions below a prefix of a bucket into a storage class, as a
# lifecycle does in the night: the VersionId stays, and a temporary copy is gone. POST /gantry-lab/thawed ends the thaws that are under way
# there: moto counts looks, also those before the thaw was asked for.
import io
import json
import sys

from moto.moto_server import werkzeug_app
from moto.s3.models import s3_backends
from moto.server import main

def versions(bucket: str, prefix: str):
    for backend in list(s3_backends.values()):
        for partition in list(backend.values()):
            found = partition.buckets.get(bucket)
            if found is None:
                continue
            for name, versions in list(found.keys.lists()):
                if not name.startswith(prefix):
                    continue
                for key in versions:
                    # A mark of deletion has no class.
                    if not hasattr(key, "set_storage_class"):
                        continue
                    yield key


def age(asked) -> int:
    aged = 0
    for key in versions(asked["bucket"], asked["prefix"]):
        key.set_storage_class(asked["class"])
        key.set_expiry(None)
        # What is asked for next is under way at the first look.
        key.status = "IN_PROGRESS"
        key._tick = 0
        aged += 1
    return aged


def thawed(asked) -> int:
    ended = 0
    for key in versions(asked["bucket"], asked["prefix"]):
        if key.expiry_date is not None:
            key.status = "RESTORED"
            ended += 1
    return ended


VERBS = {"/gantry-lab/age": age, "/gantry-lab/thawed": thawed}


class WithLab(werkzeug_app.DomainDispatcherApplication):
    def __call__(self, environ, start_response):
        verb = VERBS.get(environ.get("PATH_INFO"))
        if verb is None:
            return super().__call__(environ, start_response)
        asked = json.load(io.BytesIO(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))))
        answer = json.dumps({"objects": verb(asked)}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]


import moto.server  # noqa: E402

moto.server.DomainDispatcherApplication = WithLab
sys.exit(main())
