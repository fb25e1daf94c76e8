#!/bin/sh
# Makes the namespace where it is missing. Closed runs are kept for 30 days: as long, Temporal knows an event that comes
# twice without the journal. `everhook migrate` adds the search attributes. TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE
# are read by the CLI itself.
set -eu
attempts=0
until temporal operator cluster health; do
  attempts=$((attempts + 1))
  if [ "$attempts" -ge 60 ]; then exit 1; fi
  sleep 2
done
if temporal operator namespace describe >/dev/null 2>&1; then exit 0; fi
temporal operator namespace create --retention 30d --namespace "$TEMPORAL_NAMESPACE"
