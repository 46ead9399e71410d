import { X509Certificate } from 'node:crypto';
import type { HostService } from '../../../src/platform/index.ts';
import type { HostAccess } from '../access/access.ts';
import { commandFailed } from '../access/remote.ts';
import { script } from '../access/script.ts';

/** What was seen of one service: what systemd says of it, and what it does. */
export type ServiceReading = {
  unit: string;
  loaded: boolean;
  active: boolean;
  /** Starts at boot. */
  enabled: boolean;
  /** Its unit file is newer than what systemd has read. */
  stale: boolean;
  /** What is wrong, in words; empty: it does what it must be seen to do. */
  flaws: readonly string[];
};

const timeoutMs = 60_000;
/** Of an answer that is looked at. Bytes. */
const answerLimit = 16 * 1024;

/**
 * sh -c … sh <unit> <kind> <args…>. The TLS port is asked by python3, which every distribution with cloud-init or netplan has: it
 * gives the certificate of a server that goes on to ask for one of ours, too.
 */
const serviceScript = `
unit=$1 kind=$2; shift 2
systemctl show --property=LoadState,ActiveState,UnitFileState,NeedDaemonReload -- "$unit"
echo "Now=$(date +%s)"
case $kind in
  socket)
    # A socket file stays behind a process that has gone: who listens is asked.
    if ss -xlH src "$1" 2>/dev/null | grep -q .; then echo 'Socket=listens'
    elif [ -e "$1" ]; then echo 'Socket=stale'; else echo 'Socket=none'; fi
    shift ;;
  http)
    method=$1 url=$2 body=$3 count=$4; shift 4
    set -- "$count" "$@"
    n=$1; shift
    i=0; headers=$(mktemp)
    while [ "$i" -lt "$n" ]; do printf '%s\\n' "$1" >>"$headers"; shift; i=$((i + 1)); done
    answer=$(mktemp)
    code=$(curl -sS -k -m 10 -o "$answer" -w '%{http_code}' -X "$method" -H "@$headers" \${body:+--data-raw "$body"} -- "$url" 2>"$answer.err") || code="none $(head -c 200 "$answer.err" | tr '\\n' ' ')"
    echo "Http=$code"
    echo "Answer=$(head -c ${answerLimit} "$answer" 2>/dev/null | base64 -w 0)"
    rm -f "$headers" "$answer" "$answer.err" ;;
esac
if [ "$1" != - ]; then
  timeout 20 python3 - "$1" <<'PYTHON'
import base64, socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as plain:
        with context.wrap_socket(plain) as wrapped:
            print("Certificate=" + base64.b64encode(wrapped.getpeercert(True)).decode())
except ssl.SSLError as error:
    print("Tls=it speaks no TLS (" + str(error.reason) + ")")
except OSError as error:
    print("Tls=" + str(error))
PYTHON
fi
echo end`;

/** Looks at a service. @throws SSH_FAILED, HOST_COMMAND_FAILED */
export async function readService(
  { ssh }: Pick<HostAccess, 'ssh'>,
  service: HostService,
  signal?: AbortSignal,
): Promise<ServiceReading> {
  const { unit, check, tls } = service;
  const words = check.by === 'socket' ? ['socket', check.path] : httpWords(check);
  const argv = script('read-service', serviceScript, unit, ...words, tls ? String(tls.port) : '-');
  const end = await ssh.run(argv, { timeoutMs, outputLimit: 64 * 1024, ...(signal ? { signal } : {}) });
  const lines = end.stdout.trimEnd().split('\n');
  if (lines.at(-1) !== 'end' || end.truncated) throw commandFailed(ssh, `look at ${unit}`, end);
  const said = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  return judgeService(service, said);
}

/** Pure: what was printed → what is wrong. Exported for its tests. */
export function judgeService({ unit, check, tls }: HostService, said: ReadonlyMap<string, string>): ServiceReading {
  const active = said.get('ActiveState') === 'active';
  const reading = {
    ...{ unit, active, loaded: said.get('LoadState') === 'loaded' },
    enabled: ['enabled', 'static', 'generated', 'alias', 'indirect'].includes(said.get('UnitFileState') ?? ''),
    stale: said.get('NeedDaemonReload') === 'yes',
  };
  if (!reading.loaded) return { ...reading, flaws: [`${unit} is ${said.get('LoadState') ?? 'not there'}`] };
  if (!active) return { ...reading, flaws: [`${unit} is ${said.get('ActiveState') ?? 'inactive'}`] };
  const flaws = [
    ...(check.by === 'socket' ? socketFlaws(check.path, said.get('Socket')) : httpFlaws(check, said)),
    ...(tls ? tlsFlaws(tls, said) : []),
  ];
  return { ...reading, flaws };
}

type HttpCheck = Extract<HostService['check'], { by: 'http' }>;

function httpWords({ method, url, body, headers }: HttpCheck): string[] {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return ['http', method, url, body ?? '', String(lines.length), ...lines];
}

function socketFlaws(path: string, socket: string | undefined): string[] {
  if (socket === 'listens') return [];
  return [socket === 'stale' ? `nothing listens on ${path}, its file is left over` : `there is no socket ${path}`];
}

function httpFlaws({ url, status, contains }: HttpCheck, said: ReadonlyMap<string, string>): string[] {
  const code = said.get('Http') ?? 'none';
  if (code !== String(status)) return [`${url} answers ${code.slice(0, 120)}, not ${status}`];
  const answer = Buffer.from(said.get('Answer') ?? '', 'base64').toString('utf8');
  if (contains === undefined || answer.includes(contains)) return [];
  return [`${url} answers ${status} without ${JSON.stringify(contains)}`];
}

function tlsFlaws({ port, subject }: NonNullable<HostService['tls']>, said: ReadonlyMap<string, string>): string[] {
  const encoded = said.get('Certificate');
  if (encoded === undefined) return [`port ${port}: ${said.get('Tls') ?? 'it was not asked'}`];
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(Buffer.from(encoded, 'base64'));
  } catch {
    return [`port ${port} shows a certificate that cannot be read`];
  }
  const names = [
    ...(certificate.subjectAltName ?? '').split(', ').map((one) => one.replace(/^(URI|DNS|IP Address):/, '')),
    ...certificate.subject
      .split('\n')
      .filter((one) => one.startsWith('CN='))
      .map((one) => one.slice(3)),
  ].filter((name) => name !== '');
  const flaws = names.includes(subject) ? [] : [`port ${port} shows ${names.join(', ') || 'no name'}, not ${subject}`];
  const nowMs = Number(said.get('Now')) * 1_000;
  if (Date.parse(certificate.validTo) <= nowMs)
    flaws.push(`port ${port}: its certificate was valid until ${certificate.validTo}`);
  if (Date.parse(certificate.validFrom) > nowMs)
    flaws.push(`port ${port}: its certificate is valid from ${certificate.validFrom}`);
  return flaws;
}
