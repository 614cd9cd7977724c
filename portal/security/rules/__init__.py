"""What the watch decides, as pure functions over plain records: no session, no request, no clock."""
