/** Version of the form of events. Fields and types are added, never changed or taken away. */
export const EVENTS_VERSION = 1;
