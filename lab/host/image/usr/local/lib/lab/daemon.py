#!/usr/bin/python3
"""Plays one of the node's daemons, metald, billaged, builderd or assetmanagerd by the name it is called by: its ports, its
environment, and what it does that an onboarding must not fall for.

- /health says 200 whatever is wrong, on a port of loopback alone, and is there only while OTEL and Prometheus are switched on.
- There is no /ready, and the API's port has no /health.
- In TLS mode `spiffe`, the default, it serves plain HTTP and says nothing of it when there is no socket of the SPIFFE agent at
  its start. With a socket it serves TLS with the identity in /var/lib/lab/svid, or ends when there is none.
- metald is the parent of its virtual machines (here: processes called firecracker that sleep) and knows them from memory alone.
"""
import json, os, signal, ssl, subprocess, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DAEMONS = {
    "metald": dict(version="0.5.2", port=8080, health=9464, api="vmprovisioner.v1.VmService"),
    "billaged": dict(version="0.5.1", port=8081, health=9465, api="billing.v1.BillingService"),
    "builderd": dict(version="0.5.1", port=8082, health=9466, api="builder.v1.BuilderService"),
    "assetmanagerd": dict(version="0.5.1", port=8083, health=9467, api="asset.v1.AssetManagerService"),
}
# Calls that need no tenant.
OPEN = {"SendHeartbeat", "GetBuildStats", "GarbageCollect"}
METRICS = {
    "metald": ["metald_heartbeat_sent_total", "unkey_metald_vm_create_failures_total"],
    "billaged": ["billaged_active_vms", "billaged_billing_errors_total"],
    "builderd": ["builderd_active_builds", "builderd_build_errors_total"],
    "assetmanagerd": [],
}
SVID = "/var/lib/lab/svid"

name = os.path.basename(sys.argv[0])
daemon = DAEMONS[name]
started = time.monotonic()
machines = {}


def setting(key, usual):
    return os.environ.get(f"UNKEY_{name.upper()}_{key}", usual)


class Refusal(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


def machine(ask):
    found = machines.get(ask.get("vmId") or ask.get("vm_id"))
    if not found:
        raise Refusal(404, "not_found", "vm not found")
    return found


def create_vm(ask):
    # The caller's own id is not looked at.
    made = {"vmId": f"ud-{os.urandom(8).hex()}", "state": "VM_STATE_CREATED"}
    machines[made["vmId"]] = made
    return {"vmId": made["vmId"], "state": made["state"]}


def boot_vm(ask):
    found = machine(ask)
    found["process"] = subprocess.Popen(["firecracker", "infinity"], executable="/usr/bin/sleep")
    found["state"] = "VM_STATE_RUNNING"
    return {"success": True, "state": found["state"]}


def end_vm(ask):
    found = machine(ask)
    if "process" in found:
        found.pop("process").kill()
    found["state"] = "VM_STATE_SHUTDOWN"
    return {"success": True, "state": found["state"]}


def delete_vm(ask):
    end_vm(ask)
    machines.pop(ask.get("vmId") or ask.get("vm_id"))
    return {"success": True}


CALLS = {
    "metald": {
        "CreateVm": create_vm,
        "BootVm": boot_vm,
        "ShutdownVm": end_vm,
        "DeleteVm": delete_vm,
        "GetVmInfo": lambda ask: {"vmId": machine(ask)["vmId"], "state": machine(ask)["state"]},
        # Every record says SHUTDOWN a while after its start, whatever runs.
        "ListVms": lambda ask: {"vms": [{"vmId": vm, "state": "VM_STATE_SHUTDOWN"} for vm in machines]},
    },
    "billaged": {"SendHeartbeat": lambda ask: {"success": True}},
    "builderd": {"GetBuildStats": lambda ask: {}, "CancelBuild": lambda ask: {"success": True}},
    "assetmanagerd": {"ListAssets": lambda ask: {"assets": []}},
}


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def say(self, status, body, kind="application/json"):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Health(Answering):
    def do_GET(self):
        uptime = time.monotonic() - started
        if self.path == "/health":
            self.say(200, {"status": "ok", "service": name, "version": daemon["version"], "uptime_seconds": uptime})
        elif self.path == "/metrics":
            self.say(200, "".join(f"{what} 0\n" for what in METRICS[name]), "text/plain")
        else:
            self.say(404, "404 page not found\n", "text/plain")


class Api(Answering):
    def do_GET(self):
        if name == "billaged" and self.path == "/stats":
            self.say(200, {"active_vms": 0, "aggregation_interval": "1m0s"})
        else:
            self.say(404, "404 page not found\n", "text/plain")

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            service, _, call = self.path.lstrip("/").partition("/")
            if service != daemon["api"] or call not in CALLS[name]:
                raise Refusal(404, "unimplemented", f"{self.path} is not implemented")
            if name == "metald" and not self.headers.get("authorization", "").startswith("Bearer dev_user_"):
                raise Refusal(401, "unauthenticated", "invalid token")
            if call not in OPEN and not self.headers.get("x-tenant-id"):
                raise Refusal(401, "unauthenticated", "tenant ID is required")
            self.say(200, CALLS[name][call](json.loads(text or b"{}")))
        except Refusal as refused:
            self.say(refused.status, {"code": refused.code, "message": str(refused)})


def identity():
    """The TLS to serve with, or None: plain HTTP."""
    mode = setting("TLS_MODE", "spiffe")
    if mode == "disabled":
        return None
    cert, key = f"{SVID}/cert.pem", f"{SVID}/key.pem"
    if mode == "file":
        cert, key = setting("TLS_CERT_FILE", ""), setting("TLS_KEY_FILE", "")
    elif not os.path.exists(setting("SPIFFE_SOCKET", "/var/lib/spire/agent/agent.sock")):
        return None
    elif not os.path.exists(cert):
        time.sleep(float(os.environ.get("LAB_ATTESTATION_SECONDS", "30")))
        sys.exit("no identity issued")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
context = identity()
api = ThreadingHTTPServer((setting("ADDRESS", "0.0.0.0"), int(setting("PORT", daemon["port"]))), Api)
if context:
    api.socket = context.wrap_socket(api.socket, server_side=True)
if setting("OTEL_ENABLED", "false") == "true" and setting("OTEL_PROMETHEUS_ENABLED", "true") == "true":
    at = (setting("OTEL_PROMETHEUS_INTERFACE", "127.0.0.1"), int(setting("OTEL_PROMETHEUS_PORT", daemon["health"])))
    threading.Thread(target=ThreadingHTTPServer(at, Health).serve_forever, daemon=True).start()
api.serve_forever()
