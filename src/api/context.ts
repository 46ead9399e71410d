import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Client } from '@temporalio/client';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Logger } from '../telemetry/log.ts';
import type { LoadedPlatform } from '../platform/index.ts';
import { GantryError } from '../errors/index.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Access, Need, Who } from './access/index.ts';
import type { Act } from './audit.ts';
import type { Signer } from './signing/index.ts';
import { decide, seesAnything } from './access/index.ts';

/** What the API stands on. */
export type ApiOptions = {
  client: Client;
  taskQueue: string;
  /** Read for each request, so that a grant that is taken away is gone at once. @throws ACCESS_NOT_FOUND, ACCESS_INVALID */
  access: () => Access;
  /** @throws PLATFORM_NOT_FOUND, PLATFORM_INVALID */
  platform: () => LoadedPlatform;
  log: Logger;
  /** Where every act and every refusal is written. */
  audit: AuditLog;
  /** Signs approvals, and who asks. Without one, no run takes an approval of this API that must be signed. */
  signer?: Signer;
  now?: () => number;
  /** Requests of one person within a minute. 600 unless given. */
  perMinute?: number;
};

export type Api = FastifyInstance<Server, IncomingMessage, ServerResponse, Logger, ZodTypeProvider>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before any handler of a path that asks for a token. */
    who: Who | undefined;
    /** What is known of the act, for the audit. */
    act: Act;
    /** The code of the answer, where it is a problem. */
    refusal: string | undefined;
  }
}

/** Who sends this request. @throws GantryError API_UNAUTHENTICATED where the path forgot to ask */
export function whoOf(request: FastifyRequest): Who {
  if (request.who) return request.who;
  throw new GantryError('API_UNAUTHENTICATED', 'the request has no bearer token');
}

/** @throws GantryError API_FORBIDDEN, naming what is missing */
export function mustBeAllowed(options: ApiOptions, request: FastifyRequest, need: Need, kind: string): Who {
  const who = whoOf(request);
  const { allowed, why } = decide(options.access(), who, need, kind);
  if (allowed) return who;
  throw new GantryError('API_FORBIDDEN', `${who.person} may not ${need} runs of ${kind}: ${why}`, {
    evidence: { person: who.person, need, kind },
  });
}

/** @throws GantryError API_FORBIDDEN for a person to whom nothing is granted */
export function mustSeeAnything(options: ApiOptions, request: FastifyRequest): Who {
  const who = whoOf(request);
  if (seesAnything(options.access(), who)) return who;
  throw new GantryError('API_FORBIDDEN', `the access file grants nothing to ${who.person}`, {
    evidence: { person: who.person },
  });
}
