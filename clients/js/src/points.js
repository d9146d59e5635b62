/** Makes points in time: `AsOf.scn(7)`, `AsOf.timestamp(new Date())`. */
export const AsOf = Object.freeze({
  now: () => ({ type: 'now' }),
  timestamp: (time) => ({ type: 'timestamp', value: time instanceof Date ? time.toISOString() : time }),
  scn: (number) => ({ type: 'scn', value: number }),
  transaction: (number) => ({ type: 'transaction', value: number }),
  snapshot: (name) => ({ type: 'snapshot', value: name }),
});
