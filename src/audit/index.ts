export type { AuditLog } from './append.ts';
export { folderAudit } from './append.ts';
export type { AuditEntry, AuditHead, AuditLine } from './line.ts';
export { auditFolder } from './places.ts';
export type { AuditFinding, AuditVerdict } from './verify.ts';
export { readAudit, verifyAudit } from './verify.ts';
