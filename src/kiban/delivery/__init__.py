"""What acts leave to be delivered: lines and notices in viewers' partitions, e-mail, webhooks, papers."""
