"""Group chats, the content library, tiered pushes."""
