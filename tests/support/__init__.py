"""What the tests share: servers, content, the naive copy to compare with, and real faults."""
