"""The rodage: days of simulated time on the sandbox, with faults by plan, jobs, backups and messages on."""
