<%= new com.google.gson.Gson().toJson("hello from a war of gradle") %>
