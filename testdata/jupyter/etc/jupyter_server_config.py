# In a container, the server is reached from outside, and there is no desktop.
c = get_config()
c.ServerApp.ip = "0.0.0.0"
c.ServerApp.open_browser = False
c.FileContentsManager.delete_to_trash = False
