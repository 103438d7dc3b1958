"""The API: takes test runs, records their jobs, and puts these into the queue."""
