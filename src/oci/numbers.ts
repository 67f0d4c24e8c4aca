import { z } from 'zod';

export const uint16 = z.int().min(0).max(65_535);
export const uint32 = z.int().min(0).max(4_294_967_295);
export const int32 = z.int().min(-2_147_483_648).max(2_147_483_647);

/** Integers beyond 2^53 arrive as bigint (json.ts). */
export const int64 = z.union([
  z.int(),
  z.bigint().refine((value) => BigInt.asIntN(64, value) === value, 'beyond 64 bits'),
]);

export const uint64 = z.union([
  z.int().min(0),
  z.bigint().refine((value) => BigInt.asUintN(64, value) === value, 'beyond 64 bits'),
]);
