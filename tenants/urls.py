"""The URLs under /settings/ about oneself, the workspace and its people."""

from django.urls import path

from tenants.views import index, members, profile, roles, workspace

urlpatterns = [
    path("", index.index, name="settings"),
    path("profile/", profile.profile, name="profile"),
    path("workspace/", workspace.workspace, name="workspace"),
    path("switch/", workspace.switch, name="workspace-switch"),
    path("members/", members.index, name="members"),
    path("members/new/", members.new, name="member-new"),
    path("members/<int:member_id>/", members.edit, name="member"),
    path("members/<int:member_id>/invite/", members.invite_again, name="member-invite"),
    path("members/<int:member_id>/deactivate/", members.deactivate, name="member-deactivate"),
    path("members/<int:member_id>/activate/", members.activate, name="member-activate"),
    path("roles/", roles.roles, name="roles"),
    path("roles/new/", roles.new, name="role-new"),
    path("roles/reps/", roles.reps, name="role-reps"),
    path("roles/<int:role_id>/", roles.edit, name="role"),
    path("roles/<int:role_id>/delete/", roles.delete, name="role-delete"),
]
