import type { Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { searchAttributeNames } from '../src/runs/index.ts';

const alreadyExists = 6;

/** Registers Gantry's search attributes. A run that sets an unregistered one is stuck, so this comes before any polling. */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const keyword = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  const listed = await connection.operatorService.listSearchAttributes({ namespace }).catch(() => undefined);
  for (const name of Object.values(searchAttributeNames)) {
    if (listed?.customAttributes?.[name]) continue;
    try {
      await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: { [name]: keyword } });
    } catch (error) {
      if ((error as { code?: number }).code !== alreadyExists) throw error;
    }
  }
}
