import { workflowInfo } from '@temporalio/workflow';

/** The memo of the run of a list's item: the runner of the list wants to hear how it stands, and how it ends. */
export const reportsToList = { gantryReportsTo: 'list' } as const;

/** Whether this run is that of a list's item. */
export function isItem(): boolean {
  return workflowInfo().memo?.['gantryReportsTo'] === reportsToList.gantryReportsTo;
}
