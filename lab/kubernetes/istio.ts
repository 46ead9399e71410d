import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { GantryError } from '../../src/errors/index.ts';
import { until } from '../clock.ts';
import type { KubernetesApi, KubernetesObject } from './api.ts';
import { findIstio } from './programs.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
/** An API server serves a kind some seconds after it has its definition. Milliseconds. */
const servedWithinMs = 60_000;

/**
 * Gives a cluster the kinds of Istio by its own definitions, and waits until all of them are served. No part of Istio runs.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function defineIstio(admin: KubernetesApi): Promise<void> {
  const documents = parseAllDocuments(readFileSync(await findIstio(), 'utf8'));
  const all = 'empty' in documents ? [] : documents.map((one) => one.toJS() as KubernetesObject);
  for (const one of all) {
    const { status, body } = await admin.post(definitions, one);
    if (status !== 201 && status !== 409)
      throw new GantryError('LAB_PART_FAILED', `${one.metadata?.name ?? ''} was refused: ${body.message ?? status}`);
  }
  for (const { metadata } of all) {
    const name = metadata?.name ?? '';
    const established = async (): Promise<boolean> => isEstablished((await admin.get(`${definitions}/${name}`)).body);
    if (!(await until(established, servedWithinMs, 100)))
      throw new GantryError('LAB_PART_FAILED', `${name} is not served within ${servedWithinMs / 1000} s`);
  }
}

function isEstablished({ status }: KubernetesObject): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: { type?: string; status?: string }[] };
  return conditions.some((one) => one.type === 'Established' && one.status === 'True');
}
